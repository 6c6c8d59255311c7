"""Comps: the observations that a price is made of, in columns."""

from dataclasses import dataclass

from worker.pricing.segments import Floats, Ints, Mask

CONDITIONS = ("NM", "LP", "MP", "HP", "DMG")
SOLD, ASK, GUIDE = 0, 1, 2
REASONS = (
    "junk",
    "not_a_single",
    "graded",
    "other_language",
    "other_variant",
    "other_card",
    "outlier",
    "relist",
    "seller_cap",
    "variation_group",
    "running_auction",
    "no_condition",
    "rule",
)
"""Why an observation is left out; it is known by its place here, counted from 1, and 0 means it is not."""
PLACE = {reason: place for place, reason in enumerate(REASONS, start=1)}


@dataclass(frozen=True, slots=True)
class Comps:
    """Observations, a row each, in columns of one length.

    ``group`` numbers groups from 0; ``condition`` is its place in ``CONDITIONS``, -1 for none; ``left_out``
    the place of a reason, 0 for none; ``cents`` the price of one piece with shipping; ``days`` its age;
    ``weight`` its source's, above 0; ``seller`` and ``offer`` are 0 where they are not known.
    """

    ids: Ints
    group: Ints
    condition: Ints
    basis: Ints
    left_out: Ints
    cents: Ints
    days: Floats
    weight: Floats
    seller: Ints
    offer: Ints

    def rows(self, which: Mask | Ints) -> "Comps":
        """Some of them, or all in another order."""
        return Comps(
            self.ids[which],
            self.group[which],
            self.condition[which],
            self.basis[which],
            self.left_out[which],
            self.cents[which],
            self.days[which],
            self.weight[which],
            self.seller[which],
            self.offer[which],
        )

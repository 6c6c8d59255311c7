"""Which printing of a card a listing offers: what its title says, beside the printings that there are."""

from collections.abc import Collection
from typing import NamedTuple

USUAL = ("normal", "unlimited", "unlimited_normal", "holofoil", "unlimited_holofoil")
"""What a title means that says nothing of it, the first that there is."""
OF_ITS_OWN = frozenset({"shadowless"})
"""Printings that no source of cards lists, and that are another market all the same."""
FINISHES = ("", "_normal", "_holofoil")


class Printing(NamedTuple):
    """A printing, and whether the card has been printed so as far as anybody knows."""

    name: str
    exists: bool


def printing_of(said: str | None, known: Collection[str]) -> Printing:
    """Settle the printing of a listing; ``known`` are those that the card's sources tell, perhaps none."""
    names = set(known)
    if said in OF_ITS_OWN or not names:
        return Printing(said or USUAL[0], exists=True)
    usual = next((one for one in USUAL if one in names), min(names))
    match said:
        case None:
            return Printing(usual, exists=True)
        case "first_edition" | "unlimited":
            return _of_edition(said, usual, names)
        case "holofoil" if "unlimited_holofoil" in names and said not in names:
            return Printing("unlimited_holofoil", exists=True)
        case _:
            return Printing(said, said in names)


def _of_edition(said: str, usual: str, names: Collection[str]) -> Printing:
    """An edition without a finish: the only one there is, or the one that fits the usual finish."""
    there = [f"{said}{finish}" for finish in FINISHES if f"{said}{finish}" in names]
    if there:
        wanted = f"{said}_holofoil" if usual.endswith("holofoil") else f"{said}_normal"
        return Printing(wanted if wanted in there else there[0], exists=True)
    # A card of which no first edition was printed is not sold as "unlimited" by mistake.
    return Printing(usual, exists=True) if said == "unlimited" else Printing(said, exists=False)

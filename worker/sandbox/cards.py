"""The cards the sandbox knows: exactly those it was given, no more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CardRecords:
    """Sets and cards in the Pokémon TCG API's shape; cards stand under their set's id, without ``set``.

    The records are read anew for every answer, so a set may grow while it is paged through.
    """

    sets: Sequence[Record]
    cards_by_set: Mapping[str, Sequence[Record]]

    def set_of(self, set_id: str) -> Record | None:
        """Return a set, or None."""
        return next((each for each in self.sets if each.get("id") == set_id), None)

    def cards_of(self, set_id: str) -> Iterator[dict[str, object]]:
        """Yield a set's cards with their ``set``, as the API answers them (data sets leave it out)."""
        card_set = self.set_of(set_id)
        for card in self.cards_by_set.get(set_id, ()):
            yield {**card, "set": card_set}

    def cards(self) -> Iterator[dict[str, object]]:
        """Yield every card, set by set in the order of the sets."""
        for each in self.sets:
            yield from self.cards_of(str(each.get("id")))

    def card(self, card_id: str) -> dict[str, object] | None:
        """Return a card with its ``set``, or None."""
        return next((card for card in self.cards() if card.get("id") == card_id), None)

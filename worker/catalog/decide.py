"""What becomes of a card or set that has been read: pure decisions, before anything is written.

The canonical row belongs to the source that wrote it. The same source may write it anew, and so may one with
more authority; one with less may agree, but not overwrite.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from worker.catalog.facts import CardFacts, SetFacts

AUTHORITY = {"pokemonapi": 3, "tcgdex": 2}
"""The more, the more is believed; a source not named here has 1."""


@dataclass(frozen=True, slots=True)
class KnownSet:
    """The canonical set that a set's row is about, if there is one."""

    id: int
    source_set_id: str
    source: str
    name: str
    printed_total: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class KnownPrint:
    """The canonical print that a card's row is about, if there is one; ``set_name`` for the notes."""

    id: int | None
    source_card_id: str
    source: str
    set_id: int
    set_name: str
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Write:
    """Make the canonical row, or bring it up to date, under this id."""

    canonical_id: str


@dataclass(frozen=True, slots=True)
class Agree:
    """The canonical row stays as it is; only the source's own name for it is remembered."""

    row_id: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """The row contradicts what is canonical; ``note`` says what to do about it."""

    code: Literal["conflict_other_set", "conflict_less_authority"]
    note: str


@dataclass(frozen=True, slots=True)
class Wait:
    """The card's set is not known yet."""

    set_external_id: str


SetDecision: TypeAlias = Write | Agree | Conflict
CardDecision: TypeAlias = Write | Agree | Conflict | Wait


def authority(source: str) -> int:
    """How much a source is believed."""
    return AUTHORITY.get(source, 1)


def decide_set(source: str, facts: SetFacts, known: KnownSet | None) -> SetDecision:
    """Say what becomes of a set's row."""
    if known is None:
        return Write(facts.external_id)
    if known.source == source or authority(source) > authority(known.source):
        return Write(known.source_set_id)
    said = {"name": facts.name, "printed total": facts.printed_total, "total": facts.total}
    kept = {"name": known.name, "printed total": known.printed_total, "total": known.total}
    if differences := _differences(kept, said):
        return _less_authority(f"set {known.source_set_id}", known.source, source, differences)
    return Agree(known.id)


def decide_card(
    source: str, facts: CardFacts, set_id: int | None, set_name: str | None, known: KnownPrint | None
) -> CardDecision:
    """Say what becomes of a card's row; ``set_id`` is the canonical set it names, None when unknown."""
    if set_id is None:
        return Wait(facts.set_external_id)
    if known is None:
        return Write(facts.external_id)
    if known.set_id != set_id:
        return Conflict(
            "conflict_other_set",
            f"card {facts.external_id} is in set {known.set_name!r} and this row puts it into {set_name!r}; "
            "see which is right, then mend the row's payload or drop the row",
        )
    if known.source == source or authority(source) > authority(known.source):
        return Write(known.source_card_id)
    kept, said = {"name": known.name, "number": known.number}, {"name": facts.name, "number": facts.number}
    if known.source_card_id != facts.external_id:
        del kept["number"], said["number"]  # Found by its number: "6" and "006" are the same.
    if differences := _differences(kept, said):
        return _less_authority(f"card {known.source_card_id}", known.source, source, differences)
    return Agree(known.id) if known.id is not None else Write(known.source_card_id)


def _differences(kept: Mapping[str, object], said: Mapping[str, object]) -> str:
    """What a row would change; silence changes nothing."""
    return "; ".join(
        f"{key} {kept[key]!r} would become {said[key]!r}"
        for key in kept
        if said[key] is not None and kept[key] is not None and said[key] != kept[key]
    )


def _less_authority(what: str, owner: str, source: str, differences: str) -> Conflict:
    return Conflict(
        "conflict_less_authority",
        f"{what} belongs to {owner}, which is believed more than {source}: {differences}; "
        f"if {source} is right, mend it at {owner} and import again",
    )

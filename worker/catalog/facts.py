"""What a catalogue record says, once it is read: plain values, whatever source they came from."""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

Legalities: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of format and ruling, sorted by format: ``(("expanded", "Legal"), ("unlimited", "Legal"))``."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that cannot be used: ``code`` is stable, ``message`` says what to do about it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SetFacts:
    """A set. ``notes`` are sentences about what was odd and how it was read; empty when nothing was."""

    external_id: str
    name: str
    series: str | None
    printed_total: int | None
    total: int | None
    ptcgo_code: str | None
    release_date: date | None
    legalities: Legalities
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A card as printed in one set.

    ``number`` is the text on the card, untouched; prefix, value and suffix are that text taken apart for
    sorting. ``variants`` are the printings the source knows of, in snake case, sorted. ``notes`` are
    sentences about what was odd and how it was read; empty when nothing was.
    """

    external_id: str
    set_external_id: str
    name: str
    number: str
    number_prefix: str
    number_value: int | None
    number_suffix: str
    supertype: str | None
    subtypes: tuple[str, ...]
    types: tuple[str, ...]
    hp: int | None
    rarity: str | None
    artist: str | None
    regulation_mark: str | None
    legalities: Legalities
    variants: tuple[str, ...]
    notes: tuple[str, ...]

"""Find the print that somebody means: by its id, by a source's name for it, or as a title would say it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from worker.catalog.matching import Listing, Match, resolve
from worker.db import Connection, statements
from worker.errors import UserError

SQL = statements(Path(__file__).with_name("prints.sql"))
HOUSE = UUID(int=1)
LARGEST_ID = 2**63 - 1
MOST_DIGITS = 40


class Print(NamedTuple):
    """A print, as far as it is shown: ``number`` as printed, ``variants`` the printings that there are."""

    id: int
    source_card_id: str
    name: str
    number: str
    set_name: str
    printed_total: int | None
    variants: Sequence[str]

    @property
    def title(self) -> str:
        """As people call it: "Charizard 4/102, Base"."""
        total = f"/{self.printed_total}" if self.printed_total and self.number.isdigit() else ""
        return f"{self.name} {self.number}{total}, {self.set_name}"


class NoSuchPrint(UserError):
    """Raised when no print, or more than one, is what somebody asks for."""

    code = "no_such_print"


async def find_print(connection: Connection, asked: str) -> Print:
    """Find one print: ``17``, ``pokemonapi:base1-4``, ``base1-4``, or ``Charizard 4/102``.

    Raises ``NoSuchPrint``, which names what it may have been.
    """
    wanted = asked.strip()
    if wanted.isdecimal():
        # Longer than any id there is, and perhaps than what may be read as a number.
        return await _by_id(connection, int(wanted[:MOST_DIGITS]), asked)
    source, colon, external_id = wanted.partition(":")
    if colon and " " not in source and not external_id.startswith(" "):  # "Type: Null" is a card.
        found = await connection.fetchval(SQL["by_mapping"], source, external_id)
        if found is None:
            raise NoSuchPrint(
                f"no print is called {external_id!r} by {source}: mintmark import cards, or mend it"
            )
        return await _by_id(connection, found, asked)
    if (found := await connection.fetchval(SQL["by_source_card_id"], wanted)) is not None:
        return await _by_id(connection, found, asked)
    [match] = await resolve(connection, HOUSE, [Listing(wanted)])
    if match.card_print_id is None:
        raise NoSuchPrint(_none(asked, match))
    return await _by_id(connection, match.card_print_id, asked)


async def _by_id(connection: Connection, print_id: int, asked: str) -> Print:
    row = await connection.fetchrow(SQL["by_id"], print_id) if print_id <= LARGEST_ID else None
    if row is None:
        raise NoSuchPrint(f"there is no print {asked!r}")
    return Print(*row)


def _none(asked: str, match: Match) -> str:
    if not match.candidates:
        return f'no print is found by {asked!r}: say its name and number, as in "Charizard 4/102"'
    names = ", ".join(one.source_card_id for one in match.candidates)
    return f"more than one print may be meant by {asked!r}: say one of {names}"

"""TCGdex v2: sets and cards as raw records, without a key (docs: tcgdex.dev; it asks to be considerate).

Its lists hold stubs, so every set and every card is asked for by its id. Errors are RFC 7807 problems.
"""

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import quote

import anyio

from worker.clients.answers import AnsweredNo
from worker.clients.http import Call, JsonClient, Wiring
from worker.clients.paging import FailedPage, Page, Streak
from worker.errors import MintmarkError, SourceError, SourceGarbled, Unavailable

API = "tcgdex"
BASE_URL = "https://api.tcgdex.net/v2/en"
PAGE_SIZE = 50
NOT_FOUND = 404
PATHS = {"set": "/sets/", "card": "/cards/"}


class Tcgdex:
    """A client of TCGdex; use it as an async context manager. Asks for ``concurrency`` things at once."""

    def __init__(
        self,
        *,
        base_url: str = BASE_URL,
        concurrency: int = 4,
        deadline_seconds: float = 30,
        wiring: Wiring | None = None,
    ) -> None:
        self._concurrency = concurrency
        self._http = JsonClient(
            API, base_url, connections=concurrency, deadline_seconds=deadline_seconds, wiring=wiring
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def sets(self) -> AsyncIterator[Page | FailedPage]:
        """Yield every set in full, in pages of up to 50 raw records; see ``cards`` for what fails how.

        ``total`` is the number of sets. Raises when the list of sets itself cannot be had.
        """
        listed = await self._listed_sets()
        numbers = itertools.count(1)
        for page in _nameless(listed, numbers):
            yield page
        async for each in self._in_full("set", listed.ids, numbers, Streak()):
            yield each

    async def cards(self, set_id: str | None = None) -> AsyncIterator[Page | FailedPage]:
        """Yield the cards of one set, or of all, in full, set by set, in pages of up to 50 raw records.

        A page never mixes sets, and ``total`` is the number of cards in its set. A set or card that cannot
        be had is yielded as a FailedPage that names it, and the others go on; after three in a row, or when
        told to slow down, the last error is raised. A 404 does not count: lists name what is not there yet.
        """
        listed = await self._listed_sets() if set_id is None else _Listed("sets", [set_id])
        numbers, streak = itertools.count(1), Streak()
        for page in _nameless(listed, numbers):
            yield page
        for each in listed.ids:
            async for card_page in self._cards_of(each, numbers, streak):
                yield card_page

    async def _listed_sets(self) -> "_Listed":
        return _read_list("sets", await self._http.ask(Call(operation="sets", path="/sets")))

    async def _cards_of(
        self, set_id: str, numbers: Iterator[int], streak: Streak
    ) -> AsyncIterator[Page | FailedPage]:
        answer = await self._one("set", set_id)
        try:
            listed = _listed_cards(set_id, answer)
        except (SourceError, Unavailable) as error:
            _note(streak, error)
            yield FailedPage(next(numbers), f"set {set_id}", error)
            if streak.last_straw is not None:
                raise streak.last_straw from None
            return
        streak.good()
        for page in _nameless(listed, numbers):
            yield page
        async for each in self._in_full("card", listed.ids, numbers, streak):
            yield each

    async def _in_full(
        self, what: str, ids: list[str], numbers: Iterator[int], streak: Streak
    ) -> AsyncIterator[Page | FailedPage]:
        for start in range(0, len(ids), PAGE_SIZE):
            chunk, number = ids[start : start + PAGE_SIZE], next(numbers)
            answers = await self._together(what, chunk, streak)
            records = tuple(each for each in answers.values() if not isinstance(each, MintmarkError))
            if records:
                yield Page(number, records, len(ids))
            for name, answer in answers.items():
                if isinstance(answer, MintmarkError):
                    yield FailedPage(number, f"{what} {name}", answer)
            if streak.last_straw is not None:
                raise streak.last_straw

    async def _together(self, what: str, ids: list[str], streak: Streak) -> dict[str, object]:
        """Ask for many at once; an error stands in an answer's place. Stops early at the last straw."""
        waiting = iter(ids)
        answers: dict[str, object] = {}

        async def work() -> None:
            for each in waiting:
                if streak.last_straw is not None:
                    return
                answers[each] = await self._one(what, each)
                _note(streak, answers[each])

        async with anyio.create_task_group() as group:
            for _ in range(self._concurrency):
                group.start_soon(work)
        return {each: answers[each] for each in ids if each in answers}

    async def _one(self, what: str, name: str) -> object:
        try:
            answer = await self._http.ask(Call(operation=what, path=PATHS[what] + quote(name, safe="")))
        except (SourceError, Unavailable) as error:
            return error
        if not isinstance(answer, dict):
            return SourceGarbled(f"{API} {what}: an answer is not a record")
        return answer


def _note(streak: Streak, answer: object) -> None:
    missing = isinstance(answer, AnsweredNo) and answer.status == NOT_FOUND
    if isinstance(answer, MintmarkError) and not missing:
        streak.bad(answer)
    else:
        streak.good()


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a list of stubs names, each once, and how many of its entries name nothing."""

    where: str
    ids: list[str]
    nameless: int = 0


def _listed_cards(set_id: str, answer: object) -> _Listed:
    if isinstance(answer, MintmarkError):
        raise answer
    return _read_list(f"set {set_id}", answer.get("cards") if isinstance(answer, dict) else None)


def _read_list(where: str, stubs: object) -> _Listed:
    if not isinstance(stubs, list):
        raise SourceGarbled(f"{API} {where}: no list where one belongs")
    ids = [stub.get("id") if isinstance(stub, dict) else None for stub in stubs]
    known = [each for each in ids if isinstance(each, str) and each]
    return _Listed(where, list(dict.fromkeys(known)), nameless=len(ids) - len(known))


def _nameless(listed: _Listed, numbers: Iterator[int]) -> list[Page | FailedPage]:
    if not listed.nameless:
        return []
    error = SourceGarbled(f"{API} {listed.where}: {listed.nameless} of its entries have no id")
    return [FailedPage(next(numbers), f"list of {listed.where}", error)]

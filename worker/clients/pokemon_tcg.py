"""The Pokémon TCG API v2: sets and cards as raw records, page by page.

Deprecated by its owners and offline on 2027-03-01 (README of pokemon-tcg-data); until then it has quirks
that are met here on purpose, each said where it is met.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from worker.clients.answers import AnsweredDown
from worker.clients.http import Call, JsonClient, Wiring
from worker.clients.pacing import Pace
from worker.clients.paging import FailedPage, Page, Streak
from worker.errors import BadSettings, SourceError, SourceGarbled, UserError

API = "pokemon_tcg"
BASE_URL = "https://api.pokemontcg.io/v2"
PAGE_SIZE = 250  # The most it gives (API docs).
KEYLESS_PER_MINUTE = 30  # API docs, rate limits; also 1,000 a day.
KEYED_PER_MINUTE = 120  # Ours: the docs limit a key by the day only, 20,000.
SERVER_ERROR = 500


def _nobody_told() -> None:
    """Nobody listens."""


class PokemonTcg:
    """A client of the Pokémon TCG API; use it as an async context manager.

    ``on_key_dropped`` is called once when the key turns out to do harm; ``keyed`` tells whether one is sent.
    """

    def __init__(
        self,
        *,
        api_key: SecretStr | None = None,
        base_url: str = BASE_URL,
        requests_per_minute: int | None = None,
        deadline_seconds: float = 30,
        on_key_dropped: Callable[[], None] = _nobody_told,
        wiring: Wiring | None = None,
    ) -> None:
        wiring = wiring or Wiring()
        self._key_headers = _key_headers(api_key)
        self._on_key_dropped = on_key_dropped
        per_minute = requests_per_minute or (KEYED_PER_MINUTE if self.keyed else KEYLESS_PER_MINUTE)
        self._pace = Pace(per_minute, clock=wiring.clock, sleep=wiring.sleep)
        self._http = JsonClient(
            API, base_url, pace=self._pace, deadline_seconds=deadline_seconds, wiring=wiring
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    @property
    def keyed(self) -> bool:
        """Whether requests carry an API key."""
        return bool(self._key_headers)

    def sets(self, *, first_page: int = 1) -> AsyncIterator[Page | FailedPage]:
        """Yield every set, oldest first, in pages of 250 raw records; see ``cards`` for what fails how."""
        return self._pages("sets", {"orderBy": "releaseDate"}, first_page)

    def cards(self, set_id: str | None = None, *, first_page: int = 1) -> AsyncIterator[Page | FailedPage]:
        """Yield the cards of one set, or of all, oldest set first, in pages of 250 raw records.

        Begins at ``first_page``, so that a pull can go on where it stopped. A page that cannot be had is
        yielded as a FailedPage and the next one is tried; after three in a row, or when told to slow down,
        the last error is raised. ``UserError`` at once for what cannot be a set id.
        """
        params = {"orderBy": "set.releaseDate,number"}  # New sets come last, so pages do not shift.
        if set_id is not None:
            params["q"] = f"set.id:{_checked(set_id)}"
        return self._pages("cards", params, first_page)

    async def _pages(
        self, operation: str, params: Mapping[str, str], number: int
    ) -> AsyncIterator[Page | FailedPage]:
        streak = Streak()
        total: int | None = None
        while True:
            page = await self._page(operation, params, number)
            if isinstance(page, Page):
                if not page.records:  # Past the end the API answers 200 with no data.
                    return
                streak.good()
                total = page.total
            else:
                streak.bad(page.error)
            yield page
            if streak.last_straw is not None:
                raise streak.last_straw
            if _is_last(page, total):
                return
            number += 1

    async def _page(self, operation: str, params: Mapping[str, str], number: int) -> Page | FailedPage:
        try:
            answer = await self._get(operation, {**params, "page": number, "pageSize": PAGE_SIZE})
            return _read_page(operation, number, answer)
        except SourceError as error:
            return FailedPage(number, f"page {number} of {operation}", error)

    async def _get(self, operation: str, params: Mapping[str, str | int]) -> object:
        keyless = Call(operation=operation, path=f"/{operation}", params=params)
        if not self.keyed:
            return await self._http.ask(keyless)
        try:
            return await self._http.ask(
                Call(
                    operation=operation,
                    path=f"/{operation}",
                    params=params,
                    headers=self._key_headers,
                    final=frozenset({SERVER_ERROR}),
                )
            )
        except AnsweredDown as error:
            if error.status != SERVER_ERROR:
                raise
        # Since 2026-09 any request with X-Api-Key may be answered 500 (pokemon-tcg-api #115). Only an answer
        # without the key proves that the key was to blame, and not an outage.
        answer = await self._http.ask(keyless)
        self._drop_key()
        return answer

    def _drop_key(self) -> None:
        self._key_headers = {}
        self._pace.slow_to(KEYLESS_PER_MINUTE)
        self._on_key_dropped()


def _key_headers(api_key: SecretStr | None) -> dict[str, str]:
    key = api_key.get_secret_value().strip() if api_key else ""
    if not (key.isascii() and key.isprintable()):
        raise BadSettings("the Pokémon TCG API key holds characters that a header cannot carry")
    return {"X-Api-Key": key} if key else {}


def _checked(set_id: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", set_id) is None:
        raise UserError(f"{set_id!r} is not a set id: letters, digits, dots and dashes only")
    return set_id


def _read_page(operation: str, number: int, answer: object) -> Page:
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        raise SourceGarbled(f"{API} {operation}: page {number} has no list of records")
    total = answer.get("totalCount")
    return Page(number, tuple(answer["data"]), total if type(total) is int else None)


def _is_last(page: Page | FailedPage, total: int | None) -> bool:
    # A full page is never taken for the last one: totalCount may have grown while we were reading.
    full = isinstance(page, Page) and len(page.records) >= PAGE_SIZE
    promised = total is not None and page.number * PAGE_SIZE < total
    unknown = isinstance(page, FailedPage) and total is None
    return not (full or promised or unknown)

"""The sandbox as an ASGI app: whom each address belongs to, its journal and its scenario over all of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.sandbox import pokemon_tcg, tcgdex
from worker.sandbox.cards import CardRecords, Record
from worker.sandbox.control import control_routes
from worker.sandbox.faults import play
from worker.sandbox.journal import Journal
from worker.sandbox.quota import KeylessQuota
from worker.sandbox.scenario import Scenario

Answer = Callable[[Request], Response]
Problem = Callable[[Request, int], Response]
Refusal = Callable[[Request], Response | None]

MARK = ("X-Not-The-Real-Thing", "mintmark sandbox")
# Cloudflare stands before the real ones and sets cookies, which a client has no business sending back.
COOKIE = ("Set-Cookie", "__cf_bm=sandbox; path=/; HttpOnly")


def card_sandbox(
    sets: Sequence[Record],
    cards_by_set: Mapping[str, Sequence[Record]],
    *,
    journal: Journal,
    scenario: Scenario,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """Build the app that stands in for the Pokémon TCG API (/v2) and TCGdex (/v2/en).

    ``sets`` and ``cards_by_set`` are in the former's shape, cards without ``set``; nothing else is ever
    answered. ``clock`` counts seconds since the epoch, for the limits set to callers without a key.
    Operations in journal and scenario: ``pokemon_tcg.`` or ``tcgdex.``, then sets, set, cards, card, unknown.
    """
    routes = card_routes(CardRecords(sets, cards_by_set), journal=journal, scenario=scenario, clock=clock)
    return sandbox_app([*control_routes(journal, scenario), *routes])


def sandbox_app(routes: Sequence[Route]) -> Starlette:
    """Build an app every answer of which says that it is not the real thing."""
    return Starlette(routes=routes, middleware=[Middleware(Marked)])


def card_routes(
    records: CardRecords, *, journal: Journal, scenario: Scenario, clock: Callable[[], float] = time.time
) -> list[Route]:
    """Make the addresses of both card APIs over these records."""
    stage = _Stage(journal, scenario)
    return [
        *_tcgdex_routes(stage, tcgdex.TcgdexStand(records)),
        *_pokemon_tcg_routes(stage, pokemon_tcg.PokemonTcgStand(records, KeylessQuota(clock))),
    ]


@dataclass(frozen=True, slots=True)
class _Stage:
    journal: Journal
    scenario: Scenario

    def route(
        self, path: str, operation: str, answer: Answer, problem: Problem, refuses: Refusal | None = None
    ) -> Route:
        """Make an address that is journalled and may be spoilt by the scenario."""

        async def respond(request: Request) -> Response:
            entry = self.journal.begin(operation, request)
            response = (refuses and refuses(request)) or await self._perform(
                operation, request, answer, problem
            )
            self.journal.end(entry, response.status_code)
            response.headers.append(*COOKIE)
            return response

        return Route(path, respond, methods=["GET"])

    async def _perform(self, operation: str, request: Request, answer: Answer, problem: Problem) -> Response:
        fault = self.scenario.take(operation, keyed=pokemon_tcg.keyed(request))
        if fault is None:
            return answer(request)

        async def answered(request: Request) -> Response:
            return answer(request)

        return await play(fault, request, answer=answered, problem=lambda status: problem(request, status))


def _pokemon_tcg_routes(stage: _Stage, stand: pokemon_tcg.PokemonTcgStand) -> list[Route]:
    addresses: list[tuple[str, str, Answer]] = [
        ("/v2/sets", "sets", stand.sets),
        ("/v2/sets/{id}", "set", stand.one_set),
        ("/v2/cards", "cards", stand.cards),
        ("/v2/cards/{id}", "card", stand.one_card),
        ("/v2/{rest:path}", "unknown", stand.unknown),
    ]
    return [
        stage.route(path, f"pokemon_tcg.{name}", answer, pokemon_tcg.problem, stand.refuses)
        for path, name, answer in addresses
    ]


def _tcgdex_routes(stage: _Stage, stand: tcgdex.TcgdexStand) -> list[Route]:
    addresses: list[tuple[str, str, Answer]] = [
        ("/v2/en/sets", "sets", stand.sets),
        ("/v2/en/sets/{id}", "set", stand.one_set),
        ("/v2/en/cards", "cards", stand.cards),
        ("/v2/en/cards/{id}", "card", stand.one_card),
        ("/v2/en/{rest:path}", "unknown", stand.unknown),
    ]
    return [stage.route(path, f"tcgdex.{name}", answer, tcgdex.problem) for path, name, answer in addresses]


class Marked:
    """Marks every response, so that nobody ever takes the sandbox for the real thing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.append(*MARK)
            await send(message)

        await self._app(scope, receive, marked)

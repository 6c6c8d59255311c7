"""The whole sandbox put together: a world of sellers, eBay's APIs over it, the card APIs beside them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.app import card_routes, sandbox_app
from worker.sandbox.cards import CardRecords
from worker.sandbox.control import control_routes
from worker.sandbox.ebay.browse import Browse
from worker.sandbox.ebay.coins import make_coins
from worker.sandbox.ebay.consent import Consent
from worker.sandbox.ebay.controls import Controls
from worker.sandbox.ebay.feed import Feed
from worker.sandbox.ebay.insights import Insights
from worker.sandbox.ebay.limits import Limits
from worker.sandbox.ebay.listings import make_listings
from worker.sandbox.ebay.notification import Notifications, Signer
from worker.sandbox.ebay.oauth import TokenEndpoint
from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.pipeline import Pipeline
from worker.sandbox.ebay.quotas import Caller, Quotas
from worker.sandbox.ebay.refusals import not_found
from worker.sandbox.ebay.sellers import Sellers
from worker.sandbox.ebay.shelf import Shelf
from worker.sandbox.ebay.tokens import Application, Tokens
from worker.sandbox.journal import Journal, utc_now
from worker.sandbox.scenario import DailyLimits, Scenario, Script


@dataclass(frozen=True, slots=True)
class Stand:
    """The app, and what those who run it want to reach: its application, its tokens and its sellers."""

    app: Starlette
    application: Application
    tokens: Tokens
    sellers: Sellers


def build(
    records: CardRecords,
    *,
    seed: int,
    sellers: int,
    orders: int,
    accepted_url: str,
    journal: Journal,
    scenario: Scenario,
    quotas: DailyLimits | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Stand:
    """Make a world of so many sellers and orders, and put everything over it.

    The same seed makes the same world, application and tokens. ``accepted_url`` is where a browser is sent
    after consent. ``clock`` answers UTC.
    """
    # Loaded only here: making worlds is the larger half, and the card stand-in alone needs none of it.
    from worker.sandbox.ebay.sell import books_answer, sell_operations, world_answer  # noqa: PLC0415
    from worker.sandbox.ebay.world import make_world  # noqa: PLC0415

    world = make_world(seed=seed, sellers=sellers, orders=orders, now=clock())

    async def books(request: Request) -> Response:
        return books_answer(request, world)

    async def change_world(request: Request) -> Response:
        answer = world_answer(request, world, clock)
        return answer if isinstance(answer, Response) else await answer

    return stand_over(
        world,
        records,
        sell_operations(world, clock),
        [
            Route("/_sandbox/books", books),
            Route("/_sandbox/world", change_world, methods=["POST"]),
        ],
        seed=seed,
        accepted_url=accepted_url,
        journal=journal,
        scenario=scenario,
        quotas=quotas,
        clock=clock,
    )


def stand_over(
    sellers: Sellers,
    records: CardRecords,
    operations: Sequence[Operation] = (),
    more_controls: Sequence[Route] = (),
    *,
    seed: int,
    accepted_url: str,
    journal: Journal,
    scenario: Scenario,
    quotas: DailyLimits | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Stand:
    """Put the APIs over these sellers; ``operations`` are those that answer from more than that.

    ``quotas`` are limits of the day that are other than eBay's.
    """
    tokens = Tokens(clock, seed=seed)
    days = Quotas(clock)
    days.change(quotas or DailyLimits())
    application = application_of(seed, accepted_url)
    tokens.register(application)
    pipeline = Pipeline(journal, scenario, tokens, days)
    notifications = Notifications(Signer(seed), sellers, clock)
    own = [
        *Consent(tokens, sellers).operations(),
        *Browse(_shelf(records, seed, clock())).operations(),
        *Insights(_shelf(records, seed + 1, clock())).operations(),
        *Limits(days).operations(),
        *notifications.operations(),
        *Feed(clock).operations(),
    ]

    def take_over(script: Script) -> None:
        if script.quotas is not None:
            days.change(script.quotas)

    routes = [
        *control_routes(journal, scenario, take_over),
        *Controls(tokens, days, sellers, notifications).routes(),
        *more_controls,
        TokenEndpoint(pipeline, tokens).route(),
        *(pipeline.route(each) for each in [*operations, *own]),
        *card_routes(records, journal=journal, scenario=scenario, clock=lambda: clock().timestamp()),
        unknown(pipeline),
    ]
    return Stand(sandbox_app(routes), application, tokens, sellers)


def _shelf(records: CardRecords, seed: int, now: datetime) -> Shelf:
    return Shelf((*make_listings(records, seed=seed, now=now), *make_coins(seed=seed, now=now)))


def application_of(seed: int, accepted_url: str) -> Application:
    """Return the application that is there from the start; its secret is good for nothing but the sandbox."""

    def drawn(what: str) -> str:
        return hashlib.sha256(f"{what} {seed}".encode()).hexdigest()[:24]

    return Application(
        client_id=f"mintmark-sandbox-SBX-{drawn('client')[:12]}",
        client_secret=f"SBX-{drawn('secret')}",
        ru_name=f"mintmark-sandbox-{drawn('RuName')[:8]}",
        accepted_url=accepted_url,
    )


def unknown(pipeline: Pipeline) -> Route:
    """Make the address of everything that nothing else answers: 404."""
    nowhere = Operation(
        api="ebay", name="unknown", path="/{rest:path}", answer=lambda *_: not_found(), asker="nobody"
    )

    async def respond(request: Request) -> Response:
        return await pipeline.perform(nowhere, request, Caller())

    return Route(nowhere.path, respond, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])

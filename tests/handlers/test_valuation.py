"""Valuing coins: sources asked page by page, everything judged, one valuation with its evidence."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

import anyio
import pytest

from tests.runs.scene import claim, drain, items, run_row, start, summary_of, work
from worker.catalog.intakes import latest
from worker.catalog.offers import Offer
from worker.collecting.source import BadOffer, Page, SourceRow, Wanted
from worker.db import Database, Record
from worker.errors import AccessDenied, SourceDown
from worker.handlers.valuation import Payload, Valuation
from worker.queue.contract import Job
from worker.runs.work import Work

MORGAN = {"year": 1921, "mintmark": "S", "denomination": "dollar", "title": "Morgan dollar"}
NOW = datetime.now(UTC)


def offer(number: int, title: str, price: str | None, **given: Any) -> Offer:
    """A sale of yesterday, unless something else is said."""
    facts: dict[str, Any] = {
        "item_id": f"v1|{number}|0",
        "title": title,
        "unit_price": None if price is None else Decimal(price),
        "shipping": None,
        "currency": "USD",
        "quantity": 1,
        "observed_at": NOW - timedelta(days=1),
        "status": "sold",
        "listing_type": "FIXED_PRICE",
        "condition": None,
        "seller": f"s{number}",
        "item_group": None,
        "external_id": None,
        "raw": {},
    }
    return Offer(**{**facts, **given})


def sales(*prices: str, first: int = 1, title: str = "1921-S Morgan Silver Dollar VF") -> list[Offer]:
    return [offer(number, title, price) for number, price in enumerate(prices, start=first)]


def asks(*prices: str, first: int = 500) -> list[Offer]:
    return [
        offer(number, "1921 S Morgan Dollar", price, status="active", observed_at=NOW)
        for number, price in enumerate(prices, start=first)
    ]


@dataclass
class Shop:
    """A source that tells what it is given, so many offers a page; it notes what it was asked."""

    adapter: ClassVar[str] = "ebay_insights"
    api: ClassVar[str | None] = "ebay_insights"

    offers: Sequence[Offer] = ()
    bad: Sequence[BadOffer] = ()
    size: int = 100
    errors: list[Exception] = field(default_factory=list)
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    stuck_at: str | None = "nowhere"
    reached: anyio.Event = field(default_factory=anyio.Event)

    async def page(self, work: Work, row: SourceRow, wanted: Wanted, position: str | None) -> Page:  # noqa: ARG002
        self.asked.append((wanted.words, wanted.category, position))
        if position == self.stuck_at:
            self.reached.set()
            await anyio.sleep_forever()
        if self.errors:
            raise self.errors.pop(0)
        first = int(position or 0)
        behind = first + self.size
        more = str(behind) if behind < len(self.offers) else None
        return Page(self.offers[first:behind], self.bad if first == 0 else (), more)


class Stall(Shop):
    """The same for asks."""

    adapter: ClassVar[str] = "ebay_browse"


async def value(
    db: Database, url: str, *shops: Shop, **params: Any
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Run a valuation to its end; answers it and the run's summary."""
    run = await start(db, "valuation", params)
    await drain(url, handler(db, *shops))
    row = await run_row(db, run)
    assert row["state"] == "completed", await failure(db)
    summary = await summary_of(db, run)
    found = await latest(db, summary["intake"])
    assert found is not None
    return found, summary


def handler(db: Database, *shops: Shop) -> Valuation:
    return Valuation(db, {shop.adapter: shop for shop in shops})


async def failure(db: Database) -> tuple[str, str]:
    row = await db.fetchrow(
        "select error_code, error_message from worker.job_history order by id desc limit 1"
    )
    assert row is not None
    return row["error_code"], row["error_message"]


async def comps(db: Database) -> list[Record]:
    return await db.fetch(
        """
        select o.external_item_id as item, c.left_out::text, c.left_out_why
          from intake_comps c join price_observations o on o.id = c.observation_id order by o.id
        """
    )


async def reasons(db: Database) -> dict[str, str]:
    return {row["item"].split("|")[1]: row["left_out"] for row in await comps(db)}


async def test_a_coin_is_valued_by_what_its_like_was_sold_for(db: Database, database_url: str) -> None:
    shop = Shop([*sales("30", "32", "34", "36", "38"), offer(9, "1921-S Morgan dollar replica", "3")])

    found, summary = await value(db, database_url, shop, attributes=MORGAN, sources=["ebay_insights"])

    assert (found["query"], found["currency"], found["comps"], found["sold"]) == (
        "US coin 1921 S Morgan dollar",
        "USD",
        5,
        5,
    )
    amounts = [found[name] for name in ("p10", "median", "p90", "mean")]
    assert amounts == [Decimal("30.80"), Decimal("34.00"), Decimal("37.20"), Decimal("34.00")]
    assert found["confidence"] == 9
    assert found["explanation"].startswith('"US coin 1921 S Morgan dollar" is worth 34.00 USD, by 5 sales. ')
    assert "1 left out: 1 fake or faulty." in found["explanation"]
    assert shop.asked == [("1921 S Morgan dollar", "253", None)]
    assert {
        name: summary[name] for name in ("valued", "comps", "sold", "median", "confidence", "left_out")
    } == {
        "valued": 1,
        "comps": 5,
        "sold": 5,
        "median": "34.00 USD",
        "confidence": 9,
        "left_out": {"junk": 1},
    }


async def test_the_evidence_names_every_observation_and_why_it_was_left_out(
    db: Database, database_url: str
) -> None:
    shop = Shop([*sales("30", "31", "32", "33", "330"), offer(9, "1921-D Morgan dollar", "30")])

    found, _ = await value(db, database_url, shop, attributes=MORGAN)

    ids = {row["external_item_id"]: row["id"] for row in await db.fetch("select * from price_observations")}
    evidence = found["raw_json"]
    assert evidence["used"] == sorted((ids[f"v1|{n}|0"] for n in (1, 2, 3, 4)), reverse=True)
    assert evidence["left_out"] == {"outlier": [ids["v1|5|0"]], "other_card": [ids["v1|9|0"]]}
    assert evidence["confidence"]["score"] == found["confidence"]
    assert evidence["asked"] == {"words": "1921 S Morgan dollar", "category": "253"}
    assert [(row["left_out"], row["left_out_why"]) for row in await comps(db) if row["left_out"]] == [
        ("outlier", "330.00 is too far from 31.50, the median of the others"),
        ("other_card", "mint mark D instead of mint mark S"),
    ]


async def test_sales_and_asks_are_told_apart(db: Database, database_url: str) -> None:
    found, _ = await value(
        db, database_url, Shop(sales("30", "31", "32")), Stall(asks("40", "42")), attributes=MORGAN
    )

    assert (found["median"], found["comps"], found["sold"]) == (Decimal("31.00"), 3, 3)
    assert "2 asks (median 41.00 USD) stand beside and are not counted." in found["explanation"]
    rows = await db.fetch("select basis, count(*) as n from price_observations group by basis order by basis")
    assert [(row["basis"], row["n"]) for row in rows] == [("ask", 2), ("sold", 3)]


async def test_every_listing_is_an_item_with_what_was_found_of_it(db: Database, database_url: str) -> None:
    shop = Shop(
        [*sales("30"), offer(2, "Roll of 1921-S Morgan dollars", "600")],
        bad=[BadOffer("v1|3|0", "unreadable", "it has no title")],
    )
    run = await start(db, "valuation", {"attributes": MORGAN})
    await drain(database_url, handler(db, shop))

    rows = await db.fetch("select external_id, state::text, error_code from worker.items order by id")
    intake = await db.fetchval("select id from intakes")
    assert [tuple(row) for row in rows] == [
        ("ebay_insights/v1|1|0", "completed", None),
        ("ebay_insights/v1|2|0", "skipped", "not_a_single"),
        ("ebay_insights/v1|3|0", "failed", "unreadable"),
        (f"intake/{intake}", "completed", None),
    ]
    row = await run_row(db, run)
    assert (row["total_items"], row["processed_items"], row["failed_items"]) == (4, 4, 1)
    assert (await summary_of(db, run))["unreadable"] == 1


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"unit_price": None, "currency": None}, "it has no price"),
        ({"unit_price": Decimal(0)}, "it has no price"),
        ({"currency": "EUR"}, "its price is in EUR, not in USD"),
        ({"observed_at": NOW + timedelta(days=3)}, "which has not come yet"),
        ({"observed_at": NOW - timedelta(days=400)}, "it is older than 365 days"),
        ({"item_group": "v1|g|0"}, "one price stands for a whole group"),
        ({"status": "active", "listing_type": "AUCTION"}, "what is bid so far is no price"),
        ({"title": "\N{FIRE}" * 10_000}, "no year instead of 1921"),
        ({"title": "1921-S " + "x" * 10_000}, "no denomination instead of dollar"),
        ({"title": None}, "it has no title"),
    ],
)
async def test_what_is_no_price_is_left_out_and_stops_nothing(
    db: Database, database_url: str, given: dict[str, Any], why: str
) -> None:
    odd = {"title": "1921-S Morgan dollar", "price": "31", **given}
    shop = Shop([*sales("30", "31", "32"), offer(9, **odd)])

    found, _ = await value(db, database_url, shop, attributes=MORGAN)

    assert found["comps"] == 3
    [left_out] = [row for row in await comps(db) if row["left_out"]]
    assert why in left_out["left_out_why"]


async def test_a_rule_of_the_source_is_obeyed_at_once(db: Database, database_url: str) -> None:
    await db.execute(
        "insert into source_rules (source, exclude_sellers) values ('ebay_insights', array['S2'])"
    )

    await value(db, database_url, Shop(sales("30", "31", "32")), attributes=MORGAN)

    assert await reasons(db) == {"1": None, "2": "rule", "3": None}


async def test_valued_again_by_what_is_there_nobody_is_asked_and_the_first_valuation_stays(
    db: Database, database_url: str
) -> None:
    shop = Shop(sales("30", "32", "34"))
    first, summary = await value(db, database_url, shop, attributes=MORGAN)

    second, _ = await value(db, database_url, shop, intake_id=summary["intake"], collect=False)

    assert len(shop.asked) == 1
    assert (second["id"], second["median"]) == (first["id"] + 1, first["median"])
    assert await db.fetchval("select count(*) from valuations") == 2
    with pytest.raises(Exception, match="a valuation is never changed"):
        await db.execute("update valuations set median = 1")


async def test_asked_twice_nothing_is_there_twice(db: Database, database_url: str) -> None:
    shop = Shop(sales("30", "32", "34"))
    _, first = await value(db, database_url, shop, attributes=MORGAN, reference="tray 7")
    _, second = await value(db, database_url, shop, attributes=MORGAN, reference="tray 7")

    assert first["intake"] == second["intake"]
    assert await db.fetchval("select count(*) from price_observations") == 3
    assert await db.fetchval("select count(*) from intake_comps") == 3


async def test_a_thing_that_is_described_better_is_judged_anew(db: Database, database_url: str) -> None:
    shop = Shop(
        [*sales("30", "32", "34"), *sales("90", "92", "94", first=20, title="1921-S Morgan dollar BU")]
    )
    raw, _ = await value(db, database_url, shop, attributes=MORGAN, reference="tray 7")
    better = {**MORGAN, "grade": "BU"}

    found, _ = await value(db, database_url, shop, attributes=better, reference="tray 7", collect=False)

    assert raw["comps"] == 6
    assert (found["comps"], found["median"]) == (3, Decimal("92.00"))


async def test_our_own_sales_of_its_like_are_found_by_their_words(db: Database, database_url: str) -> None:
    await db.execute(
        """
        insert into price_observations (source, basis, marketplace_id, order_id, order_line_item_id, title,
                                        unit_price, currency, observed_at, status)
        select 'sales_csv', 'sold', 'X', n::text, '1', t.title, 30 + n, 'USD', now() - interval '2 days',
               t.status
          from (values (1, '1921S Morgan Dollar', 'sold'), (2, 'MORGAN dollar, 1921-S', 'sold'),
                       (3, '1921-S Morgan Dollar', 'refunded'), (4, '1921-D Morgan Dollar', 'sold'),
                       (5, '1921-S Morgan Dollar', 'partially_refunded')) as t(n, title, status)
        """
    )

    found, _ = await value(db, database_url, attributes=MORGAN, collect=False)

    assert (found["comps"], found["median"]) == (3, Decimal("32.00"))
    whys = [row["left_out_why"] for row in await comps(db) if row["left_out"]]
    assert whys == ["it is refunded"]


async def test_with_nothing_to_go_by_it_says_so(db: Database, database_url: str) -> None:
    found, summary = await value(db, database_url, Shop(), attributes=MORGAN)

    assert (found["median"], found["confidence"], found["comps"]) == (None, 0, 0)
    assert found["explanation"] == (
        'There is nothing to go by for "US coin 1921 S Morgan dollar". Confidence 0 of 10.'
    )
    assert "median" not in summary


@pytest.mark.parametrize(
    ("params", "code", "sentence"),
    [
        ({"attributes": {}}, "bad_attributes", "a coin has no attributes"),
        ({"attributes": {"title": "Morgan"}}, "bad_attributes", 'a coin needs its "year"'),
        ({"attributes": {**MORGAN, "mintmark": "X"}}, "bad_attributes", "\"mintmark\" is 'X'"),
        ({"attributes": {}, "kind": "stamp"}, "bad_attributes", "a thing without a text or a number"),
        ({"intake_id": 4711}, "no_intake", "there is no intake 4711 in this org"),
        ({"attributes": MORGAN, "sources": ["amazon"]}, "user_error", "there is no source amazon"),
    ],
)
async def test_what_cannot_be_valued_is_refused_in_a_sentence(
    db: Database, database_url: str, params: dict[str, Any], code: str, sentence: str
) -> None:
    run = await start(db, "valuation", params)

    await drain(database_url, handler(db, Shop()))

    assert (await run_row(db, run))["state"] == "failed"
    assert (await failure(db))[0] == code
    assert sentence in (await failure(db))[1]
    assert await db.fetchval("select count(*) from intakes") == 0


async def test_an_intake_of_another_org_is_not_there(db: Database, database_url: str) -> None:
    other = uuid4()
    await db.execute("insert into orgs (id, name) values ($1, 'other')", other)
    theirs = await db.fetchval(
        "insert into intakes (org_id, attributes) values ($1, $2) returning id", other, json.dumps(MORGAN)
    )
    await start(db, "valuation", {"intake_id": theirs})

    await drain(database_url, handler(db, Shop()))

    assert (await failure(db))[0] == "no_intake"


async def test_two_orgs_are_told_of_the_same_listings_and_not_of_each_others_sales(
    db: Database, database_url: str
) -> None:
    other = uuid4()
    await db.execute("insert into orgs (id, name) values ($1, 'other')", other)
    await db.execute(
        """
        insert into price_observations (source, basis, marketplace_id, order_id, order_line_item_id, title,
                                        unit_price, currency, observed_at, status)
        values ('ebay_seller', 'sold', 'X', '1', '1', '1921-S Morgan dollar', 99, 'USD', now(), 'sold')
        """
    )
    shop = Shop(sales("30", "32", "34"))
    ours, _ = await value(db, database_url, shop, attributes=MORGAN)
    await db.execute(
        "select worker.start_run('valuation', $1::jsonb, org_id => $2)",
        json.dumps({"attributes": MORGAN}),
        other,
    )

    await drain(database_url, handler(db, shop))

    theirs = await db.fetchrow("select comps, median, org_id from valuations order by id desc limit 1")
    assert theirs is not None
    assert tuple(theirs) == (3, Decimal("32.00"), other)
    assert ours["raw_json"]["left_out"]["outlier"]


@pytest.mark.parametrize(
    "params", [{}, {"intake_id": 1, "attributes": MORGAN}, {"attributes": MORGAN, "most": 0}]
)
async def test_a_payload_that_is_about_no_one_thing_fails(
    db: Database, database_url: str, params: dict[str, Any]
) -> None:
    with suppress(Exception):
        await start(db, "valuation", params)
        await drain(database_url, handler(db, Shop()))

    assert await db.fetchval("select count(*) from valuations") == 0


async def test_a_source_that_will_not_answer_is_passed_over_and_said(db: Database, database_url: str) -> None:
    refusing = Shop(errors=[AccessDenied("eBay does not let this application ask")])

    found, _ = await value(db, database_url, refusing, Stall(asks("40", "42", "44")), attributes=MORGAN)

    assert (found["comps"], found["sold"]) == (3, 0)
    assert "ebay_insights was not asked: eBay does not let this application ask." in found["explanation"]
    row = await db.fetchrow("select enabled, disabled_reason from sources where name = 'ebay_insights'")
    assert row is not None
    assert tuple(row) == (False, "eBay does not let this application ask")


async def test_a_source_that_is_down_is_asked_again(db: Database, database_url: str) -> None:
    shop = Shop(sales("30", "32", "34"), errors=[SourceDown("not now", retry_after=timedelta(0))])

    found, _ = await value(db, database_url, shop, attributes=MORGAN)

    assert found["comps"] == 3
    assert len(shop.asked) == 2


async def test_one_that_is_switched_off_is_not_asked_and_why(db: Database, database_url: str) -> None:
    await db.execute(
        "update sources set enabled = false, disabled_reason = 'no access yet' where name = 'ebay_insights'"
    )
    shop = Shop(sales("30"))

    found, _ = await value(db, database_url, shop, attributes=MORGAN)

    assert shop.asked == []
    assert "ebay_insights was not asked: no access yet." in found["explanation"]


async def test_the_runs_log_tells_the_value_in_words(db: Database, database_url: str) -> None:
    found, _ = await value(db, database_url, Shop(sales("30", "32", "34")), attributes=MORGAN)

    told = await db.fetchval("select data ->> 'explanation' from worker.run_events where event = 'valued'")
    assert told == found["explanation"]


async def test_pages_are_asked_until_there_are_enough(db: Database, database_url: str) -> None:
    shop = Shop(sales(*["30"] * 50), size=10)

    await value(db, database_url, shop, attributes=MORGAN, most=30)

    assert [position for _, _, position in shop.asked] == [None, "10", "20"]


async def test_killed_between_two_pages_it_goes_on_where_it_was(db: Database, database_url: str) -> None:
    shop = Shop(sales("30", "32", "34", "36"), size=2, stuck_at="2")
    run = await start(db, "valuation", {"attributes": MORGAN})
    job = await claim(db, "valuation", "pricing")
    async with anyio.create_task_group() as group:
        group.start_soon(_work, db, job, shop)
        with anyio.fail_after(20):
            await shop.reached.wait()
        group.cancel_scope.cancel()  # Nothing is handed back: whoever held it is gone.
    assert await db.fetchval("select count(*) from price_observations") == 2
    again = Shop(shop.offers, size=2)

    await db.execute("update worker.workers set lease_until = now() - interval '1 hour'")
    await drain(database_url, handler(db, again))

    assert again.asked == [("1921 S Morgan dollar", "253", "2")]
    found = await latest(db, await db.fetchval("select id from intakes"))
    assert found is not None
    assert (found["comps"], found["median"]) == (4, Decimal("33.00"))
    listed = await items(db, run)
    assert len(listed) == len(set(listed)) == 5
    assert (await run_row(db, run))["state"] == "completed"


async def _work(db: Database, job: Job, shop: Shop) -> None:
    one = work(db, job)
    await one.enter()
    await handler(db, shop).handle(one, Payload.model_validate_json(job.payload))


async def test_killed_behind_its_end_it_is_not_valued_twice(db: Database, database_url: str) -> None:
    await start(db, "valuation", {"attributes": MORGAN})
    await _work(db, await claim(db, "valuation", "pricing"), Shop(sales("30", "32", "34")))
    again = Shop()

    await db.execute("update worker.workers set lease_until = now() - interval '1 hour'")
    await drain(database_url, handler(db, again))

    assert again.asked == []
    assert await db.fetchval("select count(*) from valuations") == 1


async def test_without_a_run_it_is_valued_too(db: Database, database_url: str) -> None:
    await db.execute(
        "select worker.enqueue('valuation', $1::jsonb)", json.dumps({"attributes": MORGAN, "collect": True})
    )

    await drain(database_url, handler(db, Shop(sales("30", "32", "34"))))

    assert await db.fetchval("select median from valuations") == Decimal("32.00")


async def test_an_amount_that_nothing_costs_is_left_out_and_stops_no_valuation(
    db: Database, database_url: str
) -> None:
    huge = [offer(90 + n, "1921-S Morgan Silver Dollar VF", "9999999999.99") for n in range(3)]
    offers = [replace(one, shipping=Decimal("9999999999.99")) for one in huge] + sales("40", "41", "42")
    found, _ = await value(db, database_url, Shop(offers), attributes=MORGAN)

    assert (found["comps"], found["median"]) == (3, Decimal("41.00"))

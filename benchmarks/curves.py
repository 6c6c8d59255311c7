"""How long all price curves take one worker, beside a bare percentile over the same rows; and a live price.

The bare statement answers a median for each print and condition, of all rows that are not left out. It knows
no outliers, no sellers, no weights, no floors and no evidence, and writes nothing.
"""

import time
from collections.abc import Sequence
from datetime import timedelta

import anyio
import psycopg

from benchmarks.figures import Figure, Scale, figure, percentile
from benchmarks.market_rows import fill_market
from benchmarks.processes import Session, peak_mib, python, until
from worker.catalog.comps import Window
from worker.catalog.evidence import present_judge
from worker.catalog.live_prices import get_live_price
from worker.catalog.price_curves import Pricer
from worker.db import Database, open_database
from worker.pricing.curve import Habits

PRINTS, ROWS = 10_000, 1_000_000
BARE = """
select card_print_id, card_condition, percentile_cont(0.5) within group (order by total_cents), count(*)
  from public.price_observations where left_out is null group by card_print_id, card_condition
"""
LIMIT_SECONDS = 600.0
LIVE_ROWS, LIVE_ROUNDS = 500, 200


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Compute all curves of 1,000,000 observations (or ``scale.rows``), a hundred a print, and BARE."""
    rows = scale.rows or ROWS
    prints = max(100, rows * PRINTS // ROWS // 100 * 100)
    name = anyio.run(_judge_name, url)
    ours, bare, peaks = list[float](), list[float](), list[float]()
    with psycopg.connect(url, autocommit=True) as connection:
        fill_market(connection, prints=prints, rows=rows, judged_by=name)
        for _ in range(scale.rounds or 3):
            bare.append(_bare(connection))
            seconds, peak = _worker(url, connection, prints)
            ours.append(seconds)
            peaks.append(peak)
            connection.execute("truncate public.card_print_price_curves")
        connection.execute("delete from public.price_observations where card_print_id = 1")
        fill_market_of_one(connection, name)
    stored, computed = anyio.run(_live, url)
    return [
        figure(f"all curves of {rows:,} observations, one worker", ours, "s", beside=bare),
        figure("memory of that worker, most", peaks, "MiB"),
        figure("a live price that is stored, p50", [percentile(stored, 0.5)], "ms"),
        figure(f"a live price computed from {LIVE_ROWS}, p50", [percentile(computed, 0.5)], "ms"),
    ]


async def _judge_name(url: str) -> str:
    async with open_database(url, size=1) as db, db.connection() as connection:
        return (await present_judge(connection)).name


def _bare(connection: Session) -> float:
    started = time.perf_counter()
    connection.execute(BARE).fetchall()
    return time.perf_counter() - started


def _worker(url: str, connection: Session, prints: int) -> tuple[float, float]:
    """Let a worker that waits already compute all; answers seconds of the run, and the worker's memory."""
    with python("-m", "worker", "worker", url=url) as process:
        until(
            lambda: _value(connection, "select count(*) from worker.sleepers") > 0,
            "the worker",
            alive=[process],
        )
        run = connection.execute("select worker.start_run('price_curve', '{}')").fetchone()
        assert run
        ended = "select count(*) from worker.runs where id = %s and state = 'completed'"
        until(
            lambda: _value(connection, ended, *run) > 0, "the curves", seconds=LIMIT_SECONDS, alive=[process]
        )
        row = connection.execute(
            "select extract(epoch from completed_at - created_at)::float8, processed_items from worker.runs"
            " where id = %s",
            run,
        ).fetchone()
        assert row
        assert row[1] == prints, f"{row[1]} of {prints} prints were computed"
        return float(str(row[0])), peak_mib(process)


def _value(connection: Session, statement: str, *told: object) -> int:
    row = connection.execute(statement, told).fetchone()
    assert row
    return int(str(row[0]))


def fill_market_of_one(connection: Session, judged_by: str) -> None:
    """Give the first print as many observations as a live price is measured with."""
    connection.execute(
        """
        insert into public.price_observations
               (source, basis, marketplace_id, external_item_id, title, quantity, unit_price, currency,
                observed_at, status, card_print_id, seller, card_condition, language, variant, judged_by)
        select 'ebay_insights', 'sold', 'EBAY_US', 'live-' || n, 'Card 1 NM', 1, 10 + n %% 40, 'USD',
               now() - n * interval '1 hour', 'sold', 1, 's' || n, (array['NM', 'LP', 'MP'])[1 + n %% 3],
               'en', 'normal', %s from generate_series(1, %s) n
        """,
        (judged_by, LIVE_ROWS),
    )


async def _live(url: str) -> tuple[list[float], list[float]]:
    pricer = Pricer(Habits(), Window())
    async with open_database(url, size=2) as db:
        computed = [await _timed(db, pricer, force=True) for _ in range(LIVE_ROUNDS)]
        return [await _timed(db, pricer, force=False) for _ in range(LIVE_ROUNDS)], computed


async def _timed(db: Database, pricer: Pricer, *, force: bool) -> float:
    started = time.perf_counter()
    price = await get_live_price(db, pricer, 1, fresh_for=timedelta(hours=1), force=force)
    assert price.computed_now is force
    assert price.curves
    return (time.perf_counter() - started) * 1000

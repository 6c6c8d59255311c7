"""How fast one worker takes a day's snapshot of all inventory, beside one statement over the same rows.

Both write the same rows into the same table in the same run, in turn; what the worker wrote is compared with
what the statement wrote. The floor is one `insert … select … group by` in one transaction: it keeps no place,
counts no seller, and passes nobody over who has a snapshot of that day.
"""

import time
from collections.abc import Sequence

import psycopg

from benchmarks.figures import Figure, Scale, figure
from benchmarks.processes import Session, peak_mib, python, until

ROWS = 1_000_000
ROWS_A_SELLER = 500
PRINTS = 10_000
FILL_CATALOGUE = """
with one as (
    insert into public.card_sets (game, source, source_set_id, name)
    values ('bench', 'bench', 'b1', 'Bench') returning id)
insert into public.card_prints (game, source, source_card_id, set_id, name, number, number_prefix,
                                number_value, number_suffix, subtypes, types, legalities, variants)
select 'bench', 'bench', 'b1-' || n, one.id, 'Card ' || n, n::text, '', n, '', '{}', '{}', '{}', '{}'
  from one, generate_series(1, %(prints)s) n
"""
FILL_SELLERS = """
insert into public.sellers (platform, platform_seller_id, display_name, normalized_name)
select 'ebay', 's' || n, 's' || n, 's' || n from generate_series(1, %(sellers)s) n
"""
FILL_INVENTORY = """
insert into public.seller_inventory (seller_id, card_print_id, treatment, quantity, price,
                                     platform_listing_id)
select s.first + mod(abs(hashint8(n)), %(sellers)s), p.first + mod(abs(hashint8(-n)), %(prints)s),
       (array['normal', 'holofoil'])[1 + mod(n, 2)], mod(n, 7),
       case when mod(n, 11) > 0 then (mod(n * 31, 100000) + 1) / 100.0 end, 'l' || n
  from generate_series(1::bigint, %(rows)s) n, (select min(id) as first from public.sellers) s,
       (select min(id) as first from public.card_prints) p
"""
FLOOR = """
insert into public.inventory_snapshots (org_id, snapshot_date, seller_id, card_print_id, treatment, currency,
                                        quantity, listings, avg_price, min_price, max_price)
select i.org_id, (now() at time zone 'UTC')::date, i.seller_id, i.card_print_id, i.treatment, i.currency,
       sum(i.quantity), count(*), avg(i.price), min(i.price), max(i.price)
  from public.seller_inventory i
 group by i.org_id, i.seller_id, i.card_print_id, i.treatment, i.currency
"""
WRITTEN = """
select count(*), sum(hashtextextended(concat_ws(' ', seller_id, card_print_id, treatment, currency, quantity,
                                                listings, avg_price, min_price, max_price), 0)::numeric)
  from public.inventory_snapshots
"""
EMPTY = "truncate public.inventory_snapshots"


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Take a snapshot of 1,000,000 rows (or ``scale.rows``) by a worker and by the floor, in turn."""
    rows = scale.rows or ROWS
    ours, bare, peaks = [], [], []
    with psycopg.connect(url, autocommit=True) as session:
        _fill(session, rows)
        for _ in range(scale.rounds or 3):
            bare.append(_floor(session))
            wanted = session.execute(WRITTEN).fetchone()
            seconds, peak = _worker(url, session)
            assert session.execute(WRITTEN).fetchone() == wanted, "the worker wrote other rows"
            ours.append(seconds)
            peaks.append(peak)
    return [
        figure(f"snapshot of {rows:,} rows of inventory, one worker", ours, "s", beside=bare),
        figure("memory of the worker that takes it, most", peaks, "MiB"),
    ]


def _fill(session: Session, rows: int) -> None:
    sizes = {"rows": rows, "sellers": max(1, rows // ROWS_A_SELLER), "prints": PRINTS}
    for statement in (FILL_CATALOGUE, FILL_SELLERS, FILL_INVENTORY):
        session.execute(statement.encode(), sizes)
    session.execute("vacuum analyze public.seller_inventory")
    session.execute("vacuum analyze public.sellers")


def _floor(session: Session) -> float:
    _clear(session)
    began = time.perf_counter()
    session.execute(FLOOR.encode())
    return time.perf_counter() - began


def _worker(url: str, session: Session) -> tuple[float, float]:
    """From when the run has begun to when it is closed, by the database's clock; and the most memory."""
    _clear(session)
    with python("-m", "worker", "worker", "--queue", "catalog", url=url) as process:
        until(lambda: _holds(session, "select exists (select from worker.sleepers)"), "the worker to start")
        session.execute("select worker.start_run('snapshot')")
        until(
            lambda: _holds(session, "select bool_and(r.state = 'completed') from worker.runs r"),
            "the run to end",
            seconds=600,
            alive=[process],
        )
        peak = peak_mib(process)
    row = session.execute(
        "select extract(epoch from r.completed_at - r.started_at)::float8 from worker.runs r "
        "order by r.created_at desc limit 1"
    ).fetchone()
    assert row
    return float(str(row[0])), peak


def _clear(session: Session) -> None:
    session.execute(EMPTY)
    session.execute("checkpoint")


def _holds(session: Session, question: str) -> bool:
    row = session.execute(question.encode()).fetchone()
    return row is not None and row[0] is True

"""The floor of a pick-up: who is told by NOTIFY takes one row past locked ones.

``python -m benchmarks.bare_pickup FILE`` writes each row's number and the clock to the file, as
``benchmarks.noop`` does.
"""

import os
import sys

import psycopg

from benchmarks.noop import stamp

CHANNEL = "bare_pickup"
TABLE = """
drop table if exists public.bare_pickup;
create table public.bare_pickup (
    id bigint generated always as identity primary key, state smallint not null default 0,
    payload jsonb not null
);
create index on public.bare_pickup (id) where state = 0;
"""
ENQUEUE = """
with put as (insert into public.bare_pickup (payload) values (jsonb_build_object('i', %s::int)) returning id)
select pg_notify('bare_pickup', '') from put
"""
TAKE = """
update public.bare_pickup set state = 1
 where id = (select id from public.bare_pickup where state = 0 order by id limit 1 for update skip locked)
returning (payload ->> 'i')::int
"""


def main() -> None:
    """Serve until a signal comes."""
    url, file = os.environ["DATABASE_URL"], os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with (
        psycopg.connect(url, autocommit=True) as listener,
        psycopg.connect(url, autocommit=True, prepare_threshold=0) as taker,
    ):
        listener.execute(f"listen {CHANNEL}")
        for _ in listener.notifies():
            while row := taker.execute(TAKE).fetchone():
                stamp(file, row[0])


if __name__ == "__main__":
    main()

"""A streaming replica answers whoever only looks, and says plainly that it takes no work."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.chaos.server import Server, own_server
from tests.commands.conftest import Cli

VIEWS = (
    "worker.run_status",
    "worker.job_status",
    "worker.queue_status",
    "worker.quota_status",
    "public.card_print_latest_price_curve",
)
LOOKS = (
    "run list",
    "job list",
    "queue list",
    "kinds",
    "quota list",
    "alert list",
    "schedule list",
    "account list",
)
READER = """
create role replica_reader login in role mintmark_reader;
select worker.enqueue('demo');
"""


@pytest.fixture(scope="module")
def replica() -> Iterator[Server]:
    with own_server() as primary:
        with psycopg.connect(primary.url, autocommit=True) as connection:
            connection.execute(READER)
        standby = primary.copy("standby")
        try:
            yield standby
        finally:
            standby.ctl("stop", "-m", "immediate")


@pytest.mark.parametrize("view", VIEWS)
def test_a_reader_reads_every_view_there(replica: Server, view: str) -> None:
    url = replica.url.replace("postgres@", "replica_reader@")

    with psycopg.connect(url) as connection:
        connection.execute(f"select count(*) from {view}".encode())


@pytest.mark.parametrize("command", LOOKS)
def test_a_command_that_only_looks_works_there(replica: Server, bare: Cli, command: str) -> None:
    said = bare(*command.split(), DATABASE_URL=replica.url)

    assert (said.code, said.err) == (0, "" if said.out else said.err)


def test_enqueueing_there_is_refused_with_a_sentence(replica: Server, bare: Cli) -> None:
    said = bare("enqueue", "demo", DATABASE_URL=replica.url)

    assert said.code == 1
    assert "read-only" in said.err

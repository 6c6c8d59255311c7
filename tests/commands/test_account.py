"""mintmark account list, refresh, disable, disconnect, log, rekey, new-key; what the doctor says of keys."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import httpx
import psycopg
import pytest

from tests.commands.conftest import Cli, Said
from tests.queue.processes import WorkerProcess
from tests.queue.scene import until
from tests.rig import as_worker
from tests.selling.market import Market, connect_sellers, market
from worker.accounts.vault import new_key, read_ring
from worker.db import open_database

LOG = """
insert into worker.api_log (org_id, account_id, request_id, api, operation, status, error_id, milliseconds)
select a.org_id, a.id, 'r-' || n, 'ebay_fulfillment', 'get_orders', case n when 3 then null else 199 + n end,
       case n when 2 then '2001' end, n
  from public.ebay_accounts a, generate_series(1, 3) n
union all
select a.org_id, null, 'r-4', 'ebay_browse', 'search', 429, null, 4 from public.ebay_accounts a
"""
OBSERVATION = """
with sold as (
    insert into public.price_observations (source, basis, account_id, marketplace_id, order_id,
                                           order_line_item_id, title, unit_price, currency,
                                           observed_at, status)
    select 'ebay_seller', 'sold', a.id, 'EBAY_US', '12-1', '1', 'Charizard', 12.50, 'USD', now(), 'sold'
      from public.ebay_accounts a)
insert into public.ebay_messages (account_id, org_id, conversation_id, message_id, sent_at, content_hash)
select a.id, a.org_id, 'c-1', 'm-1', now(), '' from public.ebay_accounts a
"""
SALE = "select concat_ws(' ', account_id, unit_price, title) from public.price_observations"
OTHER_ORG = UUID(int=2)
INACTIVE = "select inactive_reason from public.ebay_accounts"
VERSION = "select token_version from public.ebay_accounts"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with market(tmp_path_factory.mktemp("market"), sellers=2, orders=4) as running:
        yield running


@pytest.fixture
def account(database_url: str, shop: Market) -> UUID:
    """The one account of the database, connected just now."""

    async def connect() -> UUID:
        async with open_database(database_url, size=2) as db:
            found = await connect_sellers(db, shop, [min(await shop.books())])
        return next(iter(found.values()))

    return anyio.run(connect)


@pytest.fixture
def ebay(cli: Cli, shop: Market) -> Cli:
    """Run a command where eBay is set up."""
    return lambda *arguments, **given: cli(*arguments, **{**shop.variables(), **given})


@pytest.fixture
def operator(cli: Cli, database_url: str) -> Iterator[Callable[..., Said]]:
    """Run a command with no rights but an operator's, and no key."""
    login = f"operator_{secrets.token_hex(6)}"
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"create role {login} login password '{login}' in role mintmark_operator".encode())
        try:
            url = as_operator(database_url, login)
            yield lambda *arguments: cli(*arguments, DATABASE_URL=url)
        finally:
            owner.execute(f"drop role {login}".encode())


def as_operator(url: str, login: str) -> str:
    head, _, tail = url.partition("://")
    return f"{head}://{login}:{login}@{tail.partition('@')[2]}"


def look(url: str, statement: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return row[0]


def change(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def found(said: Said, what: str) -> tuple[bool, str]:
    row = next(row for row in said.rows() if row["what"] == what)
    return row["well"], row["found"]


def test_the_list_says_all_that_an_audit_asks_and_shows_no_token(
    operator: Cli, account: UUID, database_url: str
) -> None:
    row = operator("account", "list", "--json").row()
    line = operator("account", "list").out

    assert row["id"] == str(account)
    assert (row["is_active"], row["has_refresh_token"], row["last_sync_at"]) == (True, True, None)
    assert row["access_token_expires_at"].endswith("+00:00")
    assert not {"access_token", "refresh_token"} & row.keys()
    for told in (str(account), row["ebay_username"], row["environment"], "encrypted", "in use", "Z"):
        assert told in line
    assert "sell.fulfillment.readonly" in line
    hidden = look(database_url, "select encode(refresh_token, 'hex') from public.ebay_accounts")
    assert hidden[:24] not in line

    change(
        database_url, "update public.ebay_accounts set is_active = false, inactive_reason = 'invalid_grant'"
    )
    assert "not in use: invalid_grant" in operator("account", "list").out


def test_without_accounts_the_list_says_how_to_connect_one(cli: Cli) -> None:
    said = cli("account", "list")

    assert (said.code, said.out) == (0, "")
    assert "mintmark account connect" in said.err


def test_a_refresh_stores_a_new_token_and_a_dry_run_none(ebay: Cli, account: UUID, database_url: str) -> None:
    tried = ebay("account", "refresh", account, "--dry-run")
    assert (tried.code, look(database_url, VERSION)) == (0, 2)
    assert "works" in tried.err
    assert "nothing was stored" in tried.err

    done = ebay("account", "refresh", str(account)[:8], DATABASE_URL=as_worker(database_url))
    assert (done.code, look(database_url, VERSION)) == (0, 3)
    assert "has a new access token" in done.err
    assert "v^1.1" not in tried.err + tried.out + done.err + done.out


def test_a_refused_refresh_exits_1_with_the_reason_and_only_a_real_one_ends_the_accounts_use(
    ebay: Cli, account: UUID, shop: Market, database_url: str
) -> None:
    seller = look(database_url, "select ebay_user_id from public.ebay_accounts")
    httpx.post(f"{shop.url}/_sandbox/tokens", json={"revoke": {"seller": seller}}).raise_for_status()

    tried = ebay("account", "refresh", account, "--dry-run")
    assert (tried.code, look(database_url, INACTIVE)) == (1, None)
    assert "eBay gives no tokens" in tried.err

    refused = ebay("account", "refresh", account)
    assert (refused.code, look(database_url, INACTIVE)) == (1, "invalid_grant")
    assert "invalid_grant" in refused.err
    assert "connect it again" in refused.err


def test_what_needs_a_key_or_an_application_says_so(cli: Cli, account: UUID, shop: Market) -> None:
    refresh = cli("account", "refresh", account)
    assert (refresh.code, "eBay is not set up" in refresh.err) == (2, True)

    keyless = cli("account", "refresh", account, **shop.environment)
    rekey = cli("account", "rekey")
    for said in (keyless, rekey):
        assert said.code == 2
        assert "there is no key ring" in said.err
        assert "mintmark account new-key" in said.err


def test_an_operator_puts_an_account_out_of_use_without_any_key(
    operator: Cli, account: UUID, database_url: str
) -> None:
    said = operator("account", "disable", str(account)[:6])

    assert (said.code, look(database_url, INACTIVE)) == (0, "disabled")
    assert str(account) in said.err


def test_an_account_that_is_disconnected_leaves_its_sales_prices_and_is_free_for_another_org(
    operator: Cli, account: UUID, database_url: str, shop: Market
) -> None:
    change(database_url, OBSERVATION)
    change(database_url, f"insert into public.orgs (id, name) values ('{OTHER_ORG}', 'the other one')")

    said = operator("account", "disconnect", account)

    assert (said.code, str(account) in said.err) == (0, True)
    assert look(database_url, "select count(*) from public.ebay_accounts") == 0
    assert look(database_url, "select count(*) from public.ebay_messages") == 0
    assert look(database_url, SALE) == "12.50 Charizard"

    async def connect() -> None:
        async with open_database(database_url, size=2) as db:
            await connect_sellers(db, shop, [min(await shop.books())], org=OTHER_ORG)

    anyio.run(connect)
    assert look(database_url, "select org_id from public.ebay_accounts") == OTHER_ORG


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("command", ["refresh", "disable", "disconnect", "log"])
def test_an_account_that_is_not_there_is_said(ebay: Cli, command: str) -> None:
    said = ebay("account", command, "zzz")
    empty = ebay("account", command, "")

    assert (said.code, empty.code) == (1, 2)
    assert "no account's id begins with 'zzz'" in said.err


def test_the_log_shows_calls_newest_first_and_only_those_asked_for(
    operator: Cli, account: UUID, database_url: str
) -> None:
    change(database_url, LOG)

    def shown(*options: object) -> list[str]:
        return [row["request_id"] for row in operator("account", "log", *options, "--json").rows()]

    assert set(shown()) == {"r-1", "r-2", "r-3", "r-4"}
    assert shown(account, "--limit", 1)[0] in {"r-1", "r-2", "r-3"}
    assert set(shown(account)) == {"r-1", "r-2", "r-3"}
    assert shown("--api", "ebay_browse") == ["r-4"]
    assert shown("--status", "4xx") == ["r-4"]
    assert shown("--status", "201") == ["r-2"]
    assert shown("--status", "none") == ["r-3"]
    assert "get_orders" in operator("account", "log").out
    for wrong in ("4", "%", "600", "4xxx"):
        assert operator("account", "log", "--status", wrong).code == 2


@pytest.mark.usefixtures("account")
def test_keys_change_and_a_second_time_there_is_nothing_to_do(
    ebay: Cli, shop: Market, database_url: str
) -> None:
    ring = f"{new_key('next')},{shop.ring}"

    done = ebay("account", "rekey", WORKER_SECRETS__KEYS=ring)
    again = ebay("account", "rekey", WORKER_SECRETS__KEYS=ring, DATABASE_URL=as_worker(database_url))

    assert (done.code, again.code) == (0, 0)
    assert "1 account encrypted anew with the key next" in done.err
    assert "0 accounts encrypted anew" in again.err


@pytest.mark.usefixtures("account")
def test_a_change_of_keys_exits_1_and_names_a_key_that_is_missing(ebay: Cli) -> None:
    said = ebay("account", "rekey", WORKER_SECRETS__KEYS=new_key("next"))

    assert said.code == 1
    assert "the key test is not in the ring, and 1 account cannot be read without it" in said.err


def test_a_new_key_is_an_entry_of_a_ring_and_needs_no_database(bare: Cli) -> None:
    made, named = bare("account", "new-key"), bare("account", "new-key", "spare")

    assert (made.code, read_ring(made.out.strip()).current[:3]) == (0, "k20")
    assert read_ring(f"{named.out.strip()},{made.out.strip()}").current == "spare"
    assert bare("account", "new-key", "no good").code == 2


@pytest.mark.usefixtures("account")
def test_the_doctor_finds_keys_and_credentials_well_where_they_are(ebay: Cli) -> None:
    said = ebay("doctor", "--json")

    assert said.code == 0
    assert found(said, "keys") == (True, "1 account under test")
    assert found(said, "credentials")[0]


@pytest.mark.usefixtures("account")
def test_the_doctor_names_a_missing_key_and_mentions_one_that_is_to_be_changed(
    ebay: Cli, shop: Market
) -> None:
    without = ebay("doctor", "--json", WORKER_SECRETS__KEYS=new_key("next"))
    with_both = ebay("doctor", "--json", WORKER_SECRETS__KEYS=f"{new_key('next')},{shop.ring}")

    assert found(without, "keys") == (
        False,
        "the key test is not in the ring, and 1 account cannot be read without it",
    )
    assert without.code == 1
    assert found(with_both, "keys") == (True, "0 accounts under next, 1 under test: mintmark account rekey")


@pytest.mark.usefixtures("account")
def test_the_doctor_finds_a_ring_that_is_broken_or_missing(cli: Cli) -> None:
    missing = cli("doctor", "--json")
    broken = cli("doctor", "--json", WORKER_SECRETS__KEYS="k1:short")

    assert found(missing, "keys")[0] is False
    assert "there is no key ring" in found(missing, "keys")[1]
    assert "entry 1 of the key ring" in found(broken, "keys")[1]
    assert "short" not in broken.out


def test_the_doctor_says_when_ebay_does_not_know_the_application(ebay: Cli) -> None:
    said = ebay("doctor", "--json", WORKER_EBAY__CLIENT_SECRET="wrong-canary")

    well, words = found(said, "credentials")
    assert (said.code, well) == (1, False)
    assert "eBay does not know the application" in words
    assert "wrong-canary" not in said.out + said.err


@pytest.mark.usefixtures("account")
def test_an_operators_doctor_does_not_call_what_it_may_not_see_wrong(operator: Cli) -> None:
    assert found(operator("doctor", "--json"), "keys")[0]


@pytest.mark.parametrize(
    ("ring", "says"), [("k1:short", "entry 1 of the key ring"), ("", "there is no key ring")]
)
def test_a_worker_does_not_start_with_a_ring_that_cannot_be_used(ebay: Cli, ring: str, says: str) -> None:
    said = ebay("worker", "--drain", WORKER_SECRETS__KEYS=ring)

    assert said.code == 2
    assert says in said.err
    assert "short" not in said.err


@pytest.mark.usefixtures("account")
def test_a_worker_without_one_of_the_keys_says_so_and_goes_on(
    database_url: str, shop: Market, tmp_path: Path
) -> None:
    environment = shop.variables() | {"WORKER_SECRETS__KEYS": new_key("other")}
    worker = WorkerProcess(database_url, tmp_path, environment=environment)
    try:

        async def has_said() -> bool:
            return bool(worker.said("key_missing"))

        anyio.run(worker.ready)
        anyio.run(until, has_said)
        [said] = worker.said("key_missing")
        assert (said["key"], said["accounts"], said["level"]) == ("test", 1, "error")
        assert worker.process.poll() is None
    finally:
        worker.end()

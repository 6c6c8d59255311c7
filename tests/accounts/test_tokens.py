"""A valid token for an account: refreshed in time, once over all workers, stored before it is used."""

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import anyio
import asyncpg
import pytest

from tests.accounts.conftest import REFRESH, Connected
from tests.conftest import Connect
from tests.queue.scene import until
from tests.runs.scene import run_row, start
from tests.selling.market import ROOT, connect_sellers
from worker.accounts.accounts import AccountInactive, deactivate
from worker.accounts.tokens import SQL, TURN, Token
from worker.accounts.vault import CannotDecrypt, new_key, read_ring
from worker.clients.ebay import Question
from worker.clients.ebay_auth import GrantRefused
from worker.db import Database, Record
from worker.errors import SourceDown, UserError

T = TypeVar("T")
ROW = """
select a.access_token, a.refresh_token, a.token_version, a.refreshing_until, a.is_active, a.inactive_reason,
       a.access_token_expires_at, a.refresh_token_expires_at
  from public.ebay_accounts a where a.id = $1
"""
ALERTS = "select count(*) from worker.alerts where alert = 'credential_revoked'"
EIGHT = 8
WHOAMI = Question(api="ebay_identity", operation="get_user", host="apiz", path="/commerce/identity/v1/user/")


async def row_of(account: Connected) -> Record:
    row = await account.db.fetchrow(ROW, account.id)
    assert row is not None
    return row


async def at_once(times: int, do: Callable[[], Awaitable[T]]) -> list[T]:
    """Do something several times at once; answers what came of each."""
    found: list[T] = []

    async def one() -> None:
        found.append(await do())

    async with anyio.create_task_group() as group:
        for _ in range(times):
            group.start_soon(one)
    return found


async def refusal(do: Callable[[], Awaitable[Any]]) -> str:
    try:
        await do()
    except AccountInactive as error:
        return error.why
    return "none"


async def asked(account: Connected) -> bool:
    return bool(await account.refreshes())


@pytest.mark.parametrize(
    ("lasts", "left", "is_refreshed"),
    [(7200, 310, False), (7200, 290, True), (7200, -5, True), (60, 20, False), (60, 10, True)],
)
async def test_a_token_is_refreshed_five_minutes_before_its_end_or_in_its_last_quarter(
    account: Connected, lasts: int, left: int, is_refreshed: bool
) -> None:
    before = await account.tokens.access(account.id)
    await account.db.execute(
        "update public.ebay_accounts set access_token_lasts = make_interval(secs => $1)", float(lasts)
    )
    await account.expires_in(left)

    token = await account.tokens.access(account.id)

    assert (token.value != before.value) is is_refreshed
    assert await account.refreshes() == is_refreshed
    await account.ebay.ask(WHOAMI, token=token.value, request_id="test")


async def test_eight_that_ask_at_once_cause_one_refresh_and_get_the_same_token(account: Connected) -> None:
    await account.expires_in(1)

    tokens = await at_once(EIGHT, lambda: account.tokens.access(account.id))

    assert (len(tokens), len(set(tokens)), await account.refreshes()) == (EIGHT, 1, 1)


async def test_eight_processes_that_ask_at_once_cause_one_refresh(
    account: Connected, database_url: str
) -> None:
    await account.expires_in(1)
    order = {
        "url": database_url,
        "account": str(account.id),
        "environment": account.shop.environment,
        "ring": account.shop.ring,
        "processes": EIGHT,
    }
    command = [sys.executable, "-m", "tests.accounts.together", json.dumps(order)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with anyio.fail_after(60):
        done = await anyio.run_process(command, cwd=ROOT, env=environ, stderr=subprocess.STDOUT)
    answers = json.loads(done.stdout)

    assert len({process for process, _, _ in answers}) == EIGHT
    assert len({(version, token) for _, version, token in answers}) == 1
    assert await account.refreshes() == 1


async def test_tokens_rejected_before_their_time_are_renewed_once_for_all(account: Connected) -> None:
    rejected = await account.tokens.access(account.id)

    tokens = await at_once(EIGHT, lambda: account.tokens.renewed(account.id, rejected.version))

    assert len(set(tokens)) == 1
    assert rejected not in tokens
    assert await account.refreshes() == 1


async def test_a_token_that_cannot_be_stored_is_not_used(account: Connected, connect: Connect) -> None:
    owner = await connect()
    await owner.execute(
        "create function public.full() returns trigger language plpgsql as"
        " $$ begin raise exception 'the disk is full'; end $$;"
        "create trigger refuse before update of access_token on public.ebay_accounts"
        " for each row execute function public.full()"
    )
    await account.expires_in(1)

    with pytest.raises(asyncpg.RaiseError, match="the disk is full"):
        await account.tokens.access(account.id)

    row = await row_of(account)
    assert (row["token_version"], row["refreshing_until"], await account.refreshes()) == (2, None, 1)
    await owner.execute("drop trigger refuse on public.ebay_accounts")
    assert (await account.tokens.access(account.id)).version == 3


async def test_the_token_given_is_the_one_that_is_stored(account: Connected) -> None:
    await account.expires_in(1)

    token = await account.tokens.access(account.id)

    assert await account.with_vault(account.shop.vault()).access(account.id) == token
    row = await row_of(account)
    assert row["token_version"] == token.version
    assert token.value.encode() not in row["access_token"]
    assert token.value not in repr(token)


async def test_the_refresh_token_and_its_end_stay_where_no_new_one_comes(account: Connected) -> None:
    before = await row_of(account)
    await account.expires_in(1)

    await account.tokens.access(account.id)

    after = await row_of(account)
    for kept in ("refresh_token", "refresh_token_expires_at"):
        assert after[kept] == before[kept] is not None


async def test_where_the_one_that_refreshes_dies_another_takes_over_when_its_turn_is_up(
    account: Connected,
) -> None:
    await account.expires_in(1)
    assert await account.db.fetchrow(SQL["take_turn"], account.id, 2, TURN)  # And never heard of again.
    ends = datetime.now(UTC) + timedelta(seconds=1)
    await account.db.execute("update public.ebay_accounts set refreshing_until = $1", ends)

    tokens = await at_once(EIGHT, lambda: account.tokens.access(account.id))

    assert len(set(tokens)) == 1
    [call] = await account.shop.calls(REFRESH)
    assert datetime.fromisoformat(call["at"]) >= ends


async def test_whoever_is_late_does_not_give_back_the_turn_of_the_next(account: Connected) -> None:
    async def take() -> datetime:
        taken = await account.db.fetchrow(SQL["take_turn"], account.id, 2, TURN)
        assert taken is not None
        until_: datetime = taken["refreshing_until"]
        return until_

    late = await take()
    gone = "update public.ebay_accounts set refreshing_until = now() - interval '1 ms' returning id"
    assert await account.db.fetchval(gone)
    current = await take()

    await account.db.execute(SQL["give_turn_back"], account.id, late)
    assert (await row_of(account))["refreshing_until"] == current
    await account.db.execute(SQL["give_turn_back"], account.id, current)
    assert (await row_of(account))["refreshing_until"] is None


@pytest.mark.parametrize("kind", ["status", "html", "truncated", "cut"])
async def test_an_ebay_that_is_down_costs_nobody_the_turn_and_no_account_its_use(
    account: Connected, kind: str
) -> None:
    await account.shop.post("/_sandbox/scenario", {"faults": [{"operation": REFRESH, "kind": kind}]})
    await account.expires_in(1)

    with pytest.raises(Exception) as failed:  # noqa: PT011 - which of them, the next lines say.
        await account.tokens.access(account.id)

    assert not isinstance(failed.value, GrantRefused | AccountInactive)
    row = await row_of(account)
    assert (row["is_active"], row["refreshing_until"]) == (True, None)
    assert (await account.tokens.access(account.id)).version == 3


async def test_whoever_is_cut_off_while_ebay_is_asked_gives_the_turn_back(account: Connected) -> None:
    await account.shop.post("/_sandbox/scenario", {"faults": [{"operation": REFRESH, "kind": "hang"}]})
    await account.expires_in(1)

    async with anyio.create_task_group() as group:
        group.start_soon(account.tokens.access, account.id)
        await until(lambda: asked(account))
        assert (await row_of(account))["refreshing_until"] is not None
        group.cancel_scope.cancel()

    assert (await row_of(account))["refreshing_until"] is None
    assert (await account.tokens.access(account.id)).version == 3


async def test_what_ebay_has_given_is_stored_though_we_are_told_to_stop(
    account: Connected, connect: Connect
) -> None:
    other = await connect()
    await account.expires_in(1)

    async with anyio.create_task_group() as group:
        locked = other.transaction()
        await account.shop.post(
            "/_sandbox/scenario", {"faults": [{"operation": REFRESH, "kind": "delay", "seconds": 0.3}]}
        )
        group.start_soon(account.tokens.access, account.id)
        await until(lambda: asked(account))
        await locked.start()
        await other.execute("select 1 from public.ebay_accounts for update")
        await until(lambda: waits_for_a_lock(account.db))
        group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(0.3):  # Whoever lets go does so by then.
                await until(lambda: nobody_waits_for_a_lock(account.db))
            await locked.rollback()

    assert (await row_of(account))["token_version"] == 3
    assert await account.refreshes() == 1


async def nobody_waits_for_a_lock(db: Database) -> bool:
    return not await waits_for_a_lock(db)


async def waits_for_a_lock(db: Database) -> bool:
    return bool(
        await db.fetchval(
            "select exists (select from pg_stat_activity where wait_event_type = 'Lock'"
            " and datname = current_database())"
        )
    )


async def test_a_refused_refresh_ends_the_accounts_use_says_why_and_tells_once(account: Connected) -> None:
    alone = await start(account.db, "seller_sync", {"account_id": str(account.id)})
    about_all = await start(account.db, "seller_sync", {})
    await account.shop.post("/_sandbox/tokens", {"revoke": {"seller": account.seller}})
    await account.expires_in(1)

    refusals = await at_once(EIGHT, lambda: refusal(lambda: account.tokens.access(account.id)))

    assert refusals == ["invalid_grant"] * EIGHT
    row = await row_of(account)
    assert (row["is_active"], row["inactive_reason"]) == (False, "invalid_grant")
    assert await account.refreshes() == 1
    assert await account.db.fetchval(ALERTS) == 1
    run = await run_row(account.db, alone)
    assert (run["state"], run["reason"]) == ("paused", "credential_revoked")
    assert (await run_row(account.db, about_all))["state"] in ("pending", "running")
    assert await refusal(lambda: account.tokens.access(account.id)) == "invalid_grant"
    assert await account.refreshes() == 1


async def test_a_refusal_of_what_was_connected_anew_meanwhile_ends_nothing(account: Connected) -> None:
    await account.shop.post("/_sandbox/tokens", {"revoke": {"seller": account.seller}})
    delay = {"operation": REFRESH, "kind": "delay", "seconds": 1.5}
    await account.shop.post("/_sandbox/scenario", {"faults": [delay]})
    await account.expires_in(1)
    got: list[Token] = []

    async def ask() -> None:
        got.append(await account.tokens.access(account.id))

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await until(lambda: asked(account))
        await connect_sellers(account.db, account.shop, [account.seller])
        assert got == []

    row = await row_of(account)
    assert (row["is_active"], row["inactive_reason"]) == (True, None)
    assert await account.db.fetchval(ALERTS) == 0
    [token] = got
    assert token.version == row["token_version"] == 3
    await account.ebay.ask(WHOAMI, token=token.value, request_id="test")


async def test_a_token_that_comes_after_the_account_was_connected_anew_is_thrown_away(
    account: Connected,
) -> None:
    delay = {"operation": REFRESH, "kind": "delay", "seconds": 1.5}
    await account.shop.post("/_sandbox/scenario", {"faults": [delay]})
    await account.expires_in(1)
    got: list[Token] = []

    async def ask() -> None:
        got.append(await account.tokens.access(account.id))

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await until(lambda: asked(account))
        await connect_sellers(account.db, account.shop, [account.seller])

    assert got == [await account.tokens.access(account.id)]
    assert (got[0].version, await account.refreshes()) == (3, 1)


@pytest.mark.parametrize(
    "change", ["refresh_token = null", "refresh_token_expires_at = now() - interval '1 s'"]
)
async def test_an_account_without_a_good_refresh_token_is_not_asked_for(
    account: Connected, change: str
) -> None:
    await account.db.execute(f"update public.ebay_accounts set {change}")
    await account.expires_in(1)

    assert await refusal(lambda: account.tokens.access(account.id)) == "invalid_grant"
    assert (await account.refreshes(), await account.db.fetchval(ALERTS)) == (0, 1)


async def test_an_account_that_is_not_in_use_gives_no_token_though_one_is_good(account: Connected) -> None:
    await account.db.execute("select worker.disable_account($1)", account.id)

    assert await refusal(lambda: account.tokens.access(account.id)) == "disabled"
    assert await account.db.fetchval(ALERTS) == 0


async def test_an_account_of_another_environment_is_never_asked_for_here(account: Connected) -> None:
    await account.db.execute("update public.ebay_accounts set environment = 'production'")

    with pytest.raises(UserError, match="is one of production"):
        await account.tokens.access(account.id)


async def test_a_missing_key_is_named_and_costs_the_account_nothing(account: Connected) -> None:
    without = account.with_vault(read_ring(new_key("other")))

    for left in (3600, 1):
        await account.expires_in(left)
        with pytest.raises(CannotDecrypt, match='the key "test" is not in the ring'):
            await without.access(account.id)

    row = await row_of(account)
    assert (row["is_active"], row["refreshing_until"], await account.refreshes()) == (True, None, 0)


async def test_tokens_that_were_swapped_between_two_rows_open_neither(account: Connected) -> None:
    other_seller = sorted(await account.shop.books())[1]
    other = (await connect_sellers(account.db, account.shop, [other_seller]))[other_seller]
    await account.db.execute(
        "update public.ebay_accounts a set access_token = b.access_token, refresh_token = b.refresh_token"
        "  from public.ebay_accounts b where a.id <> b.id"
    )

    for id_ in (account.id, other):
        for left in (3600, 1):
            await account.expires_in(left)
            with pytest.raises(CannotDecrypt):
                await account.tokens.access(id_)
    assert await account.refreshes() == 0


async def test_a_trial_stores_nothing(account: Connected) -> None:
    before = await row_of(account)

    granted = await account.tokens.try_refresh(account.id)

    assert granted.access_token not in repr(granted)
    assert tuple(await row_of(account)) == tuple(before)
    await account.ebay.ask(WHOAMI, token=granted.access_token, request_id="test")


async def test_a_trial_that_is_refused_ends_nothing(account: Connected) -> None:
    await account.shop.post("/_sandbox/tokens", {"revoke": {"seller": account.seller}})
    before = await row_of(account)

    with pytest.raises(GrantRefused):
        await account.tokens.try_refresh(account.id)

    assert tuple(await row_of(account)) == tuple(before)
    assert await account.db.fetchval(ALERTS) == 0


async def test_nobody_is_waited_for_without_end(account: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.accounts.tokens.ANSWER_SECONDS", 0.2)
    await account.shop.post("/_sandbox/scenario", {"faults": [{"operation": REFRESH, "kind": "hang"}]})
    await account.expires_in(1)

    with pytest.raises(SourceDown, match=r"no token within 0\.2 s"):
        await account.tokens.access(account.id)

    assert (await row_of(account))["refreshing_until"] is None


async def test_a_batch_that_notes_a_sync_and_the_accounts_end_do_not_lock_each_other_out(
    account: Connected, connect: Connect
) -> None:
    run = await start(account.db, "seller_sync", {"account_id": str(account.id)})
    committing = await connect()
    batch = committing.transaction()
    await batch.start()
    await committing.execute("select 1 from worker.runs where id = $1 for update", run)

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: deactivate(account.db, account.id, "invalid_grant", version=None))
        await until(lambda: waits_for_a_lock(account.db))
        await committing.execute("update public.ebay_accounts set last_sync_at = now()")
        await batch.commit()

    assert (await run_row(account.db, run))["state"] == "paused"

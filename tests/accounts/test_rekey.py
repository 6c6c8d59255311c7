"""Keys change while tokens are in use: all of them end under the new one, and none is lost."""

import random
import re
from collections.abc import Sequence
from uuid import UUID

import anyio
import pytest

from tests.accounts.conftest import Connected
from tests.chaos.conftest import LANE
from tests.conftest import Connect
from tests.queue.scene import until
from tests.rig import as_worker
from worker.accounts.accounts import ACCESS, REFRESH, place
from worker.accounts.keys import KeyUse, Rekeyed, keys_in_use, missing_keys, rekey
from worker.accounts.vault import CannotDecrypt, Vault, key_of, new_key, read_ring
from worker.db import Database, Record, open_database

MANY = 10_000 if LANE == "long" else 2000
REFRESHING = 6
OLD, NEW = new_key("old"), new_key("new")
ROWS = (
    "select a.id, a.access_token, a.refresh_token, a.token_version from public.ebay_accounts a order by a.id"
)
INSERT = """
insert into public.ebay_accounts (id, user_id, ebay_user_id, environment, access_token, refresh_token,
                                  access_token_expires_at, access_token_lasts, token_version)
values ($1, 'somebody', $2, $3, $4, $5, now() + interval '1 hour', interval '2 hours', 1)
"""


async def fill(
    db: Database, vault: Vault, count: int, *, refresh_token: str = "refresh", environment: str = "nowhere"
) -> list[UUID]:
    """Make accounts that all have the same refresh token, each with an access token of its own."""
    ids = [UUID(int=number) for number in range(1, count + 1)]
    await db.executemany(
        INSERT,
        [
            (
                id_,
                f"seller-{id_.int}",
                environment,
                vault.encrypt(f"access-{id_.int}", place(id_, ACCESS)),
                vault.encrypt(refresh_token, place(id_, REFRESH)),
            )
            for id_ in ids
        ],
    )
    return ids


def opened(vault: Vault, rows: Sequence[Record]) -> dict[UUID, tuple[str, str]]:
    return {
        row["id"]: (
            vault.decrypt(row["access_token"], place(row["id"], ACCESS)),
            vault.decrypt(row["refresh_token"], place(row["id"], REFRESH)),
        )
        for row in rows
    }


@pytest.mark.timeout(600)
async def test_all_tokens_change_keys_while_they_are_refreshed_and_the_old_key_can_go(
    account: Connected, database_url: str
) -> None:
    """Every account here refreshes with the one seller's refresh token: eBay does not mind."""
    db, environment = account.db, account.ebay.environment
    row = await db.fetchrow(ROWS)
    assert row is not None
    refresh_token = account.shop.vault().decrypt(row["refresh_token"], place(account.id, REFRESH))
    await db.execute("delete from public.ebay_accounts")
    ids = await fill(db, read_ring(OLD), MANY, refresh_token=refresh_token, environment=environment)
    both = read_ring(f"{NEW},{OLD}")
    tokens, refreshed = account.with_vault(both), set[UUID]()
    over = anyio.Event()

    async def go_on_refreshing(chance: random.Random) -> None:
        while not over.is_set():
            one = chance.choice(ids)
            before = await tokens.access(one)
            assert (await tokens.renewed(one, before.version)).version > before.version
            refreshed.add(one)

    async def some_are() -> bool:
        return len(refreshed) >= REFRESHING

    async with anyio.create_task_group() as group, open_database(as_worker(database_url), size=2) as workers:
        for number in range(REFRESHING):
            group.start_soon(go_on_refreshing, random.Random(number))
        await until(some_are, seconds=60)
        done = await rekey(workers, both)
        already = len(refreshed)
        await until_more(refreshed, already + 2)
        over.set()

    assert (done.missing, done.unreadable, done.left) == ({}, set(), 0)
    assert done.accounts >= MANY - len(refreshed)
    assert await keys_in_use(db) == [KeyUse("new", MANY)]
    found = opened(read_ring(NEW), await db.fetch(ROWS))
    assert {refresh for _, refresh in found.values()} == {refresh_token}
    assert {id_ for id_, (access, _) in found.items() if access != f"access-{id_.int}"} == refreshed
    assert await rekey(db, both) == Rekeyed()


async def until_more(refreshed: set[UUID], count: int) -> None:
    async def more() -> bool:
        return len(refreshed) >= count

    await until(more, seconds=60)


async def test_what_counts_a_token_does_not_change_with_its_key(db: Database) -> None:
    ids = await fill(db, read_ring(OLD), 3)

    done = await rekey(db, read_ring(f"{NEW},{OLD}"), batch=2)

    assert done == Rekeyed(accounts=len(ids))
    rows = await db.fetch(ROWS)
    assert {row["token_version"] for row in rows} == {1}
    assert {key_of(row[column]) for row in rows for column in (ACCESS, REFRESH)} == {"new"}


async def test_an_account_with_one_token_or_none_changes_keys_like_others(db: Database) -> None:
    ids = await fill(db, read_ring(OLD), 3)
    await db.execute("update public.ebay_accounts set access_token = null where id = $1", ids[0])
    await db.execute(
        "update public.ebay_accounts set access_token = null, refresh_token = null where id = $1", ids[1]
    )

    assert await rekey(db, read_ring(f"{NEW},{OLD}")) == Rekeyed(accounts=2)
    assert await keys_in_use(db) == [KeyUse("new", 2)]


async def test_a_missing_key_is_named_with_what_needs_it_and_the_others_change(db: Database) -> None:
    await fill(db, read_ring(OLD), 3)
    lost = read_ring(new_key("lost"))
    await db.execute(
        "update public.ebay_accounts set access_token = $2 where id = $1",
        UUID(int=2),
        lost.encrypt("access", place(UUID(int=2), ACCESS)),
    )
    ring = read_ring(f"{NEW},{OLD}")

    done = await rekey(db, ring)

    assert (done.accounts, done.missing, done.unreadable) == (2, {"lost": 1}, {UUID(int=2)})
    assert await missing_keys(db, ring) == {"lost": 1}
    assert set(map(str, await keys_in_use(db))) == set(
        map(str, [KeyUse("lost", 1), KeyUse("new", 2), KeyUse("old", 1)])
    )


@pytest.mark.parametrize(
    "junk", [b"", b"\x01", b"\x00old", b"\x01\x03old", b"plain text", b"\x01\xff" + b"x" * 300]
)
async def test_what_is_no_ciphertext_of_ours_is_left_alone_and_said(db: Database, junk: bytes) -> None:
    await fill(db, read_ring(OLD), 2)
    await db.execute("update public.ebay_accounts set access_token = $2 where id = $1", UUID(int=1), junk)

    done = await rekey(db, read_ring(f"{NEW},{OLD}"))

    assert (done.accounts, done.unreadable, done.missing) == (1, {UUID(int=1)}, {})
    assert (
        await db.fetchval("select access_token from public.ebay_accounts where id = $1", UUID(int=1)) == junk
    )


async def test_tokens_that_were_swapped_between_rows_stay_unreadable(db: Database) -> None:
    await fill(db, read_ring(OLD), 2)
    await db.execute(
        "update public.ebay_accounts a set access_token = b.access_token"
        "  from public.ebay_accounts b where a.id <> b.id"
    )

    assert (await rekey(db, read_ring(f"{NEW},{OLD}"))).unreadable == {UUID(int=1), UUID(int=2)}
    rows = await db.fetch(ROWS)
    with pytest.raises(CannotDecrypt):
        opened(read_ring(f"{NEW},{OLD}"), rows)


async def test_a_worker_that_still_encrypts_with_the_old_key_is_noticed(
    db: Database, connect: Connect
) -> None:
    """It is played by the database, which puts the old ciphertext back as often as it is replaced."""
    await fill(db, read_ring(OLD), 1)
    owner = await connect()
    await owner.execute(
        "create function public.put_back() returns trigger language plpgsql as"
        " $$ begin new.access_token := old.access_token; return new; end $$;"
        "create trigger put_back before update on public.ebay_accounts"
        " for each row execute function public.put_back()"
    )

    assert (await rekey(db, read_ring(f"{NEW},{OLD}"))).left == 1


async def test_a_dump_of_the_database_holds_no_token(account: Connected, connect: Connect) -> None:
    owner = await connect()
    token = await account.tokens.access(account.id)
    rows = await owner.fetch("select a::text as row from public.ebay_accounts a")

    for shown in (token.value, token.value.encode().hex(), account.shop.ring.partition(":")[2]):
        assert not any(re.search(re.escape(shown), row["row"]) for row in rows)

"""Row 28: who is told to come later comes later, whatever worker it is, and nobody else is held up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import anyio
import pytest

from tests.chaos.bazaar import Seen, bazaar
from tests.chaos.conftest import Times
from tests.queue.scene import until
from worker.db import Database

WORKERS, SLOTS = 3, 4
JOBS = 12
AT_ONCE = timedelta(seconds=1)
"""For calls that had left when the answer came, on a busy machine."""
IN_TIME = timedelta(seconds=3)
"""Two seconds, and the jitter's one."""
WAITING = """
select max(j.run_at) - now() from worker.jobs j where j.payload::jsonb ->> 'account_id' = $1 and j.id <> $2
"""


@dataclass(frozen=True, slots=True)
class Advice:
    """What an account was told with its 429, and until when it is to wait."""

    user: str
    text: str
    wait: timedelta

    def window(self, calls: Sequence[Seen]) -> tuple[datetime, datetime]:
        [refused] = [call.at for call in calls if call.user == self.user and call.status == 429]
        if self.text.endswith("GMT"):
            return refused, datetime.strptime(self.text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        return refused, refused + self.wait


@pytest.mark.timeout(300)
@pytest.mark.scorecard(28)
async def test_nobody_asks_for_an_account_that_is_to_wait_and_then_somebody_does_at_once(
    db: Database,
    database_url: str,
    tmp_path: Path,
    times: Times,
    record_property: Callable[[str, object], None],
) -> None:
    watched = times(8, 70)
    async with bazaar(
        db, database_url, tmp_path, sellers=5, workers=WORKERS, slots=SLOTS, connections=SLOTS
    ) as stage:
        *told, other = stage.users
        advice = advices(told)
        await stage.faults(
            *(
                {"kind": "status", "status": 429, "retry_after": one.text, "account": one.user, "times": 1}
                for one in advice
            )
        )
        jobs = {user: [await stage.sync(user) for _ in range(JOBS)] for user in stage.users}
        await until(lambda: stage.all_ended(*jobs[other]), seconds=30)

        over = [one for one in advice if one.wait < timedelta(seconds=watched)]
        seconds = max(one.wait for one in over).total_seconds() + 30
        await until(
            lambda: stage.all_ended(*(job for one in over for job in jobs[one.user])), seconds=seconds
        )
        held_until = datetime.now(UTC) + timedelta(seconds=2)
        while datetime.now(UTC) < held_until:  # noqa: ASYNC110 - that nothing happens takes its time.
            await anyio.sleep(0.1)

        calls = await stage.seen()
        found = [judge(one, calls) for one in advice]
        waiting = {
            one.text: await stage.db.fetchval(WAITING, str(stage.accounts[one.user]), stage.last)
            for one in advice
        }
        others = [call.at for call in calls if call.user == other]
        refused = min(call.at for call in calls if call.status == 429)
        tries, failures = await stage.most_tries(), await stage.failures()
        assert await stage.reserved() == len(calls)

    in_window = [count for count, _, _ in found]
    late = {one.text: again for one, (_, _, again) in zip(advice, found, strict=True) if again is not None}
    record_property(
        "figures",
        f"{WORKERS} workers of {SLOTS}, {JOBS} jobs for each of 5 accounts: calls inside a window"
        f" {in_window} of at most {WORKERS * SLOTS - 1} in flight, none later than"
        f" {max(last for _, last, _ in found).total_seconds():.2f} s after the answer; asked again"
        f" {', '.join(f'{again.total_seconds():.2f} s' for again in late.values())} behind the window;"
        f" the other account was done {(max(others) - refused).total_seconds():.1f} s after the first 429;"
        f" tries used {tries}",
    )
    assert max(in_window) < WORKERS * SLOTS
    assert max(last for _, last, _ in found) < AT_ONCE
    assert len(late) == len(over)
    assert all(timedelta(0) <= again < IN_TIME for again in late.values())
    assert tries == 0
    assert failures == []
    for one in advice:
        if one not in over:
            assert waiting[one.text] <= one.wait + timedelta(seconds=1)


def advices(users: Sequence[str]) -> list[Advice]:
    """What each is told; a day is more than anybody waits, and garbage says nothing."""
    when = datetime.now(UTC) + timedelta(seconds=7)
    minutes = {"soon": timedelta(minutes=1), "86400": timedelta(minutes=15)}
    texts = {"5": timedelta(seconds=5), format_datetime(when, usegmt=True): timedelta(seconds=7), **minutes}
    return [Advice(user, text, wait) for user, (text, wait) in zip(users, texts.items(), strict=True)]


def judge(one: Advice, calls: Sequence[Seen]) -> tuple[int, timedelta, timedelta | None]:
    """Calls inside the window, how long after its begin the last came, and the first behind its end."""
    begin, end = one.window(calls)
    mine = [call.at for call in calls if call.user == one.user and call.at > begin]
    inside, behind = [at for at in mine if at < end], [at for at in mine if at >= end]
    last = max(inside, default=begin) - begin
    return len(inside), last, min(behind) - end if behind else None

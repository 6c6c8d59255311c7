"""What is measured for the metrics, and what is thrown away in the end."""

from tests.runs.scene import claim, end, enqueue, events, start
from worker.db import Database
from worker.observe import REGISTRY
from worker.runs.retention import Keep, retain
from worker.runs.sampling import sample


def measured(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"mintmark_{name}", labels)


async def test_queues_and_runs_are_measured_as_they_stand(db: Database) -> None:
    await start(db, "demo", {})
    await start(db, "demo", {})
    paused = await start(db, "normalize_batch", {"source": "x"})
    await db.execute("select worker.pause_run($1)", paused)
    await claim(db)
    await db.execute("select worker.enqueue('demo', run_at => now() + interval '1 h')")

    await sample(db, ["demo", "normalize_batch"])

    depth = {
        state: measured("queue_depth", queue="default", state=state)
        for state in ("scheduled", "pending", "running")
    }
    assert depth == {"scheduled": 1, "pending": 1, "running": 1}
    assert [measured("runs", state=state) for state in ("pending", "running", "paused")] == [2, 0, 1]
    oldest = measured("queue_oldest_seconds", queue="default")
    assert oldest is not None
    assert 0 < oldest < 60
    assert measured("jobs_unknown_kind") == 0


async def test_jobs_of_kinds_this_worker_does_not_know_are_counted(db: Database) -> None:
    await enqueue(db, "demo", {})

    await sample(db, ["normalize_batch"])

    assert measured("jobs_unknown_kind") == 1


async def test_a_queue_that_has_emptied_is_measured_empty(db: Database) -> None:
    await enqueue(db, "demo", {})
    await sample(db, ["demo"])
    await end(db, await claim(db))

    await sample(db, ["demo"])

    assert measured("queue_depth", queue="default", state="pending") == 0
    assert measured("queue_oldest_seconds", queue="default") == 0


async def test_old_events_go_once_their_run_has_ended_and_not_before(db: Database) -> None:
    over, live = await start(db, "demo", {}), await start(db, "demo", {})
    await end(db, await claim(db))
    await db.execute("update worker.run_events set at = now() - interval '31 days' where event = 'created'")

    await retain(db, Keep())

    assert await events(db, over) == ["completed"]
    assert await events(db, live) == ["created"]

"""The end of a run: when its last job has ended, its totals are written, once."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import anyio

from worker import observe
from worker.db import Connection, Database, Record, statements
from worker.queue.contract import Job
from worker.runs.states import RunEvent, RunState, move

SQL = statements(Path(__file__).with_name("closing.sql"))
CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ItemCount:
    """How many items of a type ended in a state with a code."""

    type: str
    state: str
    error_code: str | None
    count: int


@dataclass(frozen=True, slots=True)
class RunTotals:
    """What a run did: its items by type, state and code, the tallies they carry, and the calls it made.

    An item carries a tally as ``{"tally": {name: count}}`` in its data; the sums are over all items.
    """

    items: Sequence[ItemCount]
    tally: Mapping[str, int]
    calls: int


Summary: TypeAlias = dict[str, Any]
Summarise: TypeAlias = Callable[[RunTotals], Summary]


def plain_summary(totals: RunTotals) -> Summary:
    """Totals by type and state: for kinds that have no words of their own."""
    summary: Summary = {}
    for one in totals.items:
        states = summary.setdefault(one.type, {})
        states[one.state] = states.get(one.state, 0) + one.count
    return summary


class Closer:
    """Closes runs whose jobs have all ended; ``summaries`` has the words of the kinds that have some."""

    def __init__(self, db: Database, summaries: Mapping[str, Summarise]) -> None:
        self._db = db
        self._summaries = summaries

    async def after_finish(self, jobs: Sequence[Job]) -> None:
        """Close the runs of these jobs that have no live job left."""
        if runs := {job.run_id for job in jobs if job.run_id is not None}:
            with _not_cut_off():
                await self.close(sorted(runs))

    async def sweep(self) -> None:
        """Close what a dead worker left open, wake jobs that rest for no reason, call runs that wait."""
        with _not_cut_off():
            await self._db.execute(SQL["wake_stranded"])
            await self._db.execute(SQL["call_waiting"])
            for row in await self._db.fetch(SQL["orphans"]):
                await self._db.execute(SQL["lose_orphans"], row["run_id"])
            if overdue := [row["id"] for row in await self._db.fetch(SQL["overdue"])]:
                await self.close(overdue)

    async def close(self, runs: Sequence[UUID]) -> None:
        """Close those of the runs that have ended. Two closers at once: one closes."""
        async with self._db.transaction() as connection:
            held = [row["id"] for row in await connection.fetch(SQL["hold"], runs)]
            closed = [
                await self._close(connection, row) for row in await connection.fetch(SQL["ended"], held)
            ]
        for facts in closed:
            observe.say("run_closed", **facts)

    async def _close(self, connection: Connection, run: Record) -> Summary:
        await connection.execute(SQL["lose_orphans"], run["id"])
        await connection.execute(SQL["fail_unworked"], run["id"])
        totals = await self._totals(connection, run)
        was = RunState(run["state"])
        state = was if was is RunState.CANCELLED else move(was, how_it_ended(run))
        seconds = (run["ended_at"] - (run["started_at"] or run["created_at"])).total_seconds()
        summary = {**self._summary(run["kind"], totals), "seconds": round(seconds, 3)}
        await connection.execute(SQL["close"], run["id"], state, json.dumps(summary))
        await connection.execute(SQL["call_next"], run["org_id"])
        if was is not RunState.CANCELLED:  # That is in the log, with its actor.
            level = "error" if state is RunState.FAILED else "info"
            await connection.execute(SQL["log"], run["id"], level, state, json.dumps(summary), "mintmark")
        if state is RunState.FAILED:
            await connection.execute(SQL["raise_alert"], run["id"])
        return {"run": str(run["id"]), "kind": run["kind"], "state": str(state), **summary}

    async def _totals(self, connection: Connection, run: Record) -> RunTotals:
        items = [ItemCount(*row) for row in await connection.fetch(SQL["counts"], run["id"])]
        if run["kind"] not in self._summaries:
            return RunTotals(items, {}, 0)
        tally = {row["name"]: row["count"] for row in await connection.fetch(SQL["tally"], run["id"])}
        return RunTotals(items, tally, await connection.fetchval(SQL["calls"], run["id"]))

    def _summary(self, kind: str, totals: RunTotals) -> Summary:
        """A kind's own words that cannot be found must not keep its run, and others, open for ever."""
        try:
            return self._summaries.get(kind, plain_summary)(totals)
        except Exception:  # noqa: BLE001 - they are a handler's.
            return plain_summary(totals)


def _not_cut_off() -> anyio.CancelScope:
    """A worker that ends closes its last run first, unless the database holds it up."""
    return anyio.move_on_after(CLOSE_SECONDS, shield=True)


def how_it_ended(run: Record) -> RunEvent:
    """A job that failed for good fails the run; a run of which every job was cancelled is cancelled."""
    if run["failed"]:
        return RunEvent.FAIL
    return RunEvent.CANCEL if run["cancelled"] else RunEvent.COMPLETE

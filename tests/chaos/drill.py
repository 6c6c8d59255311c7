"""A fleet that grows and shrinks with its queue: KEDA's arithmetic over real processes."""

import json
import math
import signal
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import anyio
import httpx
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.autoscaling import SYNC_SECONDS, Autoscaler, Rules
from benchmarks.figures import percentile
from tests.chaos.fleet import Worker
from tests.chaos.journal import Entry, Journal
from tests.chaos.stage import Stage

MOST = 8
"""Processes that this machine bears; the rules allow for more."""
SLOTS = 10
WORK_SECONDS = 0.8
DOUBLING = (6, 12, 25, 50, 25, 12, 6)
"""Jobs a second."""
GRACE_SECONDS = 10
SAMPLE_SECONDS = 5.0
QUICKEST_SAMPLE = 0.25
WINDOW_SECONDS = 5.0
ASKED = ("mintmark_queue_depth{", "mintmark_queue_oldest_seconds{")
NOW_RUNNING = "select count(*)::int from worker.jobs j where j.state = 'running'"


@dataclass(frozen=True, slots=True)
class Look:
    """What the loop saw and decided, at so many seconds since the start."""

    at: float
    load: float
    workers: int
    waiting: float
    running: int
    decided: int


@dataclass(frozen=True, slots=True)
class Story:
    """All that a picture of a drill takes; seconds since its start."""

    pace: float
    looks: Sequence[Look]
    pickup_p99: Sequence[tuple[float, float]]
    kills: Sequence[float]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")


@dataclass(slots=True)
class Drill:
    """A load, the workers it is given, and the loop between them; its time goes ``pace`` times as fast."""

    stage: Stage
    rules: Rules
    pace: float
    phases: Sequence[tuple[float, float]]
    """One after the other: jobs a second, for so many seconds."""
    alive: list[Worker] = field(default_factory=list)
    stopped: list[Worker] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    began: float = 0.0
    _load: float = 0.0

    async def run(self, *, kill: bool = False) -> None:
        """Let the load come and go; ``kill``: one worker, while the load is at its highest."""
        await self._grow(self.rules.least)
        for worker in self.alive:
            await worker.ready()
        self.began = time.monotonic()
        async with anyio.create_task_group() as group:
            group.start_soon(self._follow)
            for load, seconds in self.phases:
                self._load = load
                if kill and load == max(one for one, _ in self.phases):
                    group.start_soon(self._kill_one, seconds / 2)
                await self.stage.produce(round(load * seconds), a_second=load, steps=1, seconds=WORK_SECONDS)
            group.cancel_scope.cancel()

    async def _follow(self) -> None:
        """Decide as often as an autoscaler does, and see that it becomes true."""
        async with httpx.AsyncClient(timeout=5, verify=False, trust_env=False) as client:
            await self._follow_with(client, Autoscaler(self.rules, self.pace))

    async def _follow_with(self, client: httpx.AsyncClient, scaler: Autoscaler) -> None:
        while True:
            answers = await self._answers(client)
            running = await self.stage.db.fetchval(NOW_RUNNING)
            now, before = time.monotonic(), len(self.alive)
            decided = scaler.decide(now, before, answers)
            self.looks.append(
                Look(now - self.began, self._load, before, answers.get("depth", 0.0), running, decided)
            )
            await self._grow(decided)
            self._shrink(decided)
            await anyio.sleep(SYNC_SECONDS / self.pace)

    async def _answers(self, client: httpx.AsyncClient) -> Mapping[str, float]:
        """What the triggers' questions are answered: by the workers' metrics, and by the database."""
        told: list[str] = []
        async with anyio.create_task_group() as group:
            for worker in self.alive:
                group.start_soon(_metrics, client, worker, told)
        wake = await self.stage.db.fetchval(self.rules.trigger("wake").question)
        return {**queue_answers(told), "wake": float(wake)}

    async def _grow(self, decided: int) -> None:
        while len(self.alive) < decided:
            self.alive.append(self.stage.worker(concurrency=SLOTS, environment=self._environment()))

    def _shrink(self, decided: int) -> None:
        while len(self.alive) > decided:
            leaving = self.alive.pop(0)  # Whoever it is must be able to go.
            leaving.signal(signal.SIGTERM)
            self.stopped.append(leaving)

    async def _kill_one(self, seconds: float) -> None:
        await anyio.sleep(seconds)  # The fleet has grown by then.
        victim = self.alive.pop()
        victim.signal(signal.SIGKILL)
        self.kills.append(time.monotonic() - self.began)
        await self._grow(len(self.alive) + 1)  # As a container that has died is started again.

    def _environment(self) -> Mapping[str, str]:
        sampled = max(QUICKEST_SAMPLE, SAMPLE_SECONDS / self.pace)
        return {"WORKER_OPS__SAMPLE_SECONDS": str(sampled), "WORKER_QUEUE__GRACE_SECONDS": str(GRACE_SECONDS)}

    def story(self) -> Story:
        """What happened, once everything has ended."""
        waits = pickups(self.stage.journal)
        return Story(self.pace, self.looks, by_window(waits, self.began), self.kills)


async def _metrics(client: httpx.AsyncClient, worker: Worker, told: list[str]) -> None:
    if not (ports := worker.said("ops_port")):
        return
    try:
        answer = await client.get(f"{ports[0]['url']}/metrics")
    except httpx.HTTPError:
        return  # It is going, or not there yet: Prometheus would not hear it either.
    # Of the rest nobody asks, and to read it would hold up the producer.
    told.append("".join(f"{line}\n" for line in answer.text.splitlines() if line.startswith(ASKED)))


def queue_answers(told: Iterable[str]) -> Mapping[str, float]:
    """Of the workers' metrics, what the triggers ``depth`` and ``oldest`` ask Prometheus for."""
    depth: dict[str, float] = defaultdict(float)
    oldest = 0.0
    for text in told:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == "mintmark_queue_depth" and sample.labels["state"] == "pending":
                    depth[sample.labels["queue"]] = max(depth[sample.labels["queue"]], sample.value)
                elif sample.name == "mintmark_queue_oldest_seconds":
                    oldest = max(oldest, sample.value)
    return {"depth": sum(depth.values()), "oldest": oldest}


def pickups(journal: Journal) -> list[tuple[float, float]]:
    """Of each job: when its enqueue was acknowledged, and how long after that it first began."""
    first: dict[int, Entry] = {entry.job: entry for entry in reversed(journal.entries("begin"))}
    told = journal.entries("acknowledged")
    return [(entry.at, max(0.0, first[entry.job].at - entry.at)) for entry in told]


def by_window(waits: Iterable[tuple[float, float]], began: float) -> list[tuple[float, float]]:
    """The 99th percentile of each few seconds: their begin since the start, and the wait."""
    windows: dict[int, list[float]] = defaultdict(list)
    for at, wait in waits:
        windows[math.floor((at - began) / WINDOW_SECONDS)].append(wait)
    return [(place * WINDOW_SECONDS, percentile(found, 0.99)) for place, found in sorted(windows.items())]

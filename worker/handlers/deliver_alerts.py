"""Carry the alerts that wait to every channel, at least once, and no more than so many messages an hour."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from worker import observe
from worker.clients.notices import Channel, Message, Notice, next_message
from worker.db import Record
from worker.errors import SourceDown, SourceError, SourceRefused
from worker.queue.contract import Done, Ending, Retry, Snooze
from worker.runs import alerts
from worker.runs.handler import JobPayload
from worker.runs.work import Work

REFUSALS = 3
"""After so many failures in a row, the last a no, a channel is told the bare count: it may dislike a word."""
AT_LEAST = timedelta(seconds=1)


class Payload(JobPayload):
    """Nothing: what waits stands in the outbox."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a channel still has something waiting: in ``seconds`` it may be tried, and what it said last."""

    seconds: float
    error: SourceError | None = None


@dataclass(frozen=True)
class DeliverAlerts:
    """Brings what waits to ``channels``, to each what it has not had, and notes what each took.

    A message is counted before it is sent and noted as taken afterwards, each in a transaction of its own: a
    worker that dies in between leaves it to be sent again.
    """

    kind: ClassVar = "deliver_alerts"
    queue: ClassVar = "alerts"
    timeout: ClassVar = timedelta(minutes=10)
    max_attempts: ClassVar = 100
    starts_run: ClassVar = False
    takes: ClassVar[type[JobPayload]] = Payload

    channels: Sequence[Channel]
    per_hour: int

    async def handle(self, work: Work, payload: Payload) -> Ending:  # noqa: ARG002 - it says nothing.
        """Serve each channel; come again when the first that could not be served may be."""
        pauses = [pause for channel in self.channels if (pause := await self._serve(work, channel))]
        if not pauses:
            return Done()
        soonest = max(AT_LEAST, timedelta(seconds=min(pause.seconds for pause in pauses)))
        for pause in pauses:
            if pause.error is not None:
                return Retry(pause.error.code, str(pause.error), soonest)
        return Snooze(soonest, "alerts wait for their hour, or for a channel that is down")

    async def _serve(self, work: Work, channel: Channel) -> Pause | None:
        while True:
            message, pause = await self._prepare(work, channel)
            if message is None:
                return pause
            try:
                await channel.send(message)
            except (SourceDown, SourceRefused) as error:
                return await self._note_failure(work, channel, error)
            await self._note_success(work, channel, message)

    async def _prepare(self, work: Work, channel: Channel) -> tuple[Message | None, Pause | None]:
        """Choose the next message and count it; none when nothing waits, or, with a pause, not yet."""
        given_up = 0
        async with work.commit() as batch:
            line = batch.connection
            standing = await alerts.look(line, channel.name, per_hour=self.per_hour)
            if standing.hopeless:
                given_up = await alerts.give_up(line, channel.name)
            await alerts.settle(line, [each.name for each in self.channels])
            waiting = [_notice(row) for row in await alerts.due(line, channel.name)]
            message = _choose(waiting, standing, channel)
            if message is not None:
                await alerts.note_try(line, channel.name)
        if given_up:
            observe.ALERTS.labels(channel.name, "given_up").inc(given_up)
            observe.say("alerts_given_up", level="error", channel=channel.name, alerts=given_up)
        return message, Pause(standing.wait) if waiting else None

    async def _note_failure(self, work: Work, channel: Channel, error: SourceDown | SourceRefused) -> Pause:
        advice = error.retry_after if isinstance(error, SourceDown) else None
        refused = isinstance(error, SourceRefused)
        async with work.commit() as batch:
            row = await alerts.failed(batch.connection, channel.name, refused=refused, advice=advice)
        why, failures = str(error), row["failures"]
        observe.say("alert_channel_down", level="warning", channel=channel.name, why=why, failures=failures)
        return Pause(row["wait"], error)

    async def _note_success(self, work: Work, channel: Channel, message: Message) -> None:
        ids = [notice.id for notice in message.notices]
        async with work.commit() as batch:
            await alerts.took(batch.connection, channel.name, ids)
            await alerts.settle(batch.connection, [each.name for each in self.channels])
        observe.ALERTS.labels(channel.name, "delivered").inc(len(ids))
        observe.say("alerts_delivered", channel=channel.name, alerts=len(ids), summary=message.summary)


def _choose(waiting: Sequence[Notice], standing: alerts.Standing, channel: Channel) -> Message | None:
    if not waiting or standing.wait > 0:
        return None
    counted = standing.refused and standing.failures >= REFUSALS
    return next_message(waiting, free=standing.free, fits=channel.fits, counted=counted)


def _notice(row: Record) -> Notice:
    return Notice(**{**row, "data": json.loads(row["data"])})

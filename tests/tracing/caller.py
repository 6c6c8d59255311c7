"""A worker process whose handler calls an API, commits, enqueues and fails; started like ``mintmark``."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import anyio

from worker.app import Service, database_urls, run_worker
from worker.clients.http import Call, JsonClient
from worker.commands.session import settings
from worker.errors import SourceError
from worker.handlers.demo import Demo
from worker.queue.contract import Done, Ending
from worker.runs.handler import AnyHandler, JobPayload
from worker.runs.items import Item
from worker.runs.work import Work

API = "stand_in"
SECRET = "s3cr3t-of-the-caller"
REQUEST = "request-17"


class Payload(JobPayload):
    url: str
    fail: str = ""
    """How its first attempt fails: ``raise``, or ``retry``."""


@dataclass(frozen=True)
class Caller:
    kind: ClassVar = "caller"
    queue: ClassVar = "default"
    timeout: ClassVar = timedelta(seconds=30)
    max_attempts: ClassVar = 2
    starts_run: ClassVar = True
    takes: ClassVar[type[JobPayload]] = Payload

    async def handle(self, work: Work, payload: Payload) -> Ending:
        async with JsonClient(API, payload.url, headers={"X-Api-Key": SECRET}) as client:
            await client.ask(
                Call(
                    operation="look",
                    path=f"/look/{SECRET}",
                    params={"key": SECRET},
                    headers={"Authorization": f"Bearer {SECRET}", "X-Request-ID": REQUEST},
                )
            )
            async with work.commit() as batch:
                batch.items += [
                    Item("card", SECRET, "completed"),
                    Item("card", "2", "failed", "no_such_card", f"there is no card {SECRET}"),
                ]
                await batch.enqueue("demo", {})
            if payload.fail and work.job.attempt == 1:
                await self._fail(client, payload.fail)
        return Done({"found": SECRET})

    async def _fail(self, client: JsonClient, how: str) -> None:
        try:
            await client.ask(Call(operation="refuse", path="/refuse", method="POST", reads=False))
        except SourceError as error:
            if how == "raise":
                raise RuntimeError(f"it was refused with {SECRET}") from error
            raise


def handlers(*_: object) -> list[AnyHandler]:
    return [Caller(), Demo()]


def main() -> None:
    loaded = settings()
    with database_urls(loaded) as urls:
        service = Service(handlers=handlers)
        anyio.run(run_worker, loaded, urls, service, backend_options={"use_uvloop": True})


if __name__ == "__main__":
    main()

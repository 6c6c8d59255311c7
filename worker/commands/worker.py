"""``mintmark worker``: the daemon."""

from typing import Annotated

import anyio
import typer

from worker.app import Service, database_urls, run_worker
from worker.commands.session import settings


def worker(
    queue: Annotated[list[str] | None, typer.Option(help="Serve this queue; all, if none is named.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Slots a queue.")] = None,
    drain: Annotated[bool, typer.Option("--drain", help="End when nothing is left.")] = False,
) -> None:
    """Claim jobs and work them until a signal comes."""
    loaded = settings()

    async def run() -> int:
        return await run_worker(loaded, urls, Service(queue or [], concurrency, drain))

    with database_urls(loaded) as urls:
        code = anyio.run(run, backend_options={"use_uvloop": True})
    raise typer.Exit(code)

"""A worker process whose handlers are those of ``busy.py``; started like ``mintmark``."""

import anyio

from tests.runs.busy import SHIPPED
from worker.app import Service, database_urls, run_worker
from worker.commands.session import settings


def main() -> None:
    loaded = settings()
    with database_urls(loaded) as urls:
        service = Service(handlers=lambda *_: SHIPPED)
        anyio.run(run_worker, loaded, urls, service, backend_options={"use_uvloop": True})


if __name__ == "__main__":
    main()

"""``mintmark web``: the pages through which sellers connect their accounts, and what eBay calls."""

import anyio

from worker.app import database_urls
from worker.commands.session import settings
from worker.pages import require_private, run_web
from worker.selling import ebay_parts
from worker.traces import traced


def web() -> None:
    """Serve the pages through which accounts are connected, and take eBay's notices, until a signal comes."""
    loaded = settings()
    require_private(loaded)
    ebay_parts(loaded)  # What is missing is said before a database is started for it.
    with traced(loaded.tracing), database_urls(loaded) as urls:
        anyio.run(run_web, loaded, urls, backend_options={"use_uvloop": True})

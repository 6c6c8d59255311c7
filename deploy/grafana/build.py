"""Writes the boards as the JSON that Grafana reads: ``python -m deploy.grafana.build [--docs URL]``.

In Grafana's classic model, which every Grafana takes from files; the newer one is refused there by the
Grafana that we deploy, although the SDK would rather have it.
"""

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard, RowPanel

from deploy.grafana.boards.apis import apis
from deploy.grafana.boards.overview import overview
from deploy.grafana.boards.postgres import postgres
from deploy.grafana.boards.prices import prices
from deploy.grafana.boards.queues import queues
from deploy.grafana.boards.runs import runs

FOLDER = Path(__file__).with_name("dashboards")
BOARDS = (overview, queues, runs, apis, prices, postgres)
PAGE = re.compile(r"`docs/(runbooks/(\w+)\.md)`")


def files(docs: str | None = None) -> Iterator[tuple[str, str]]:
    """The name and the text of each file; ``docs`` is where your people read the pages of ``docs/``."""
    for build in BOARDS:
        board = build().build()
        _complete(board, docs)
        text = json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)
        yield f"{build.__name__}.json", f"{text}\n"


def _complete(board: Dashboard, docs: str | None) -> None:
    """Number the panels, so that links to one stay good, and link the pages if it is known where they are."""
    for number, panel in enumerate(board.panels or (), 1):
        panel.id_val = number
        if docs and not isinstance(panel, RowPanel) and panel.description:
            panel.description = PAGE.sub(rf"[\2]({docs.rstrip('/')}/\1)", panel.description)


def main() -> None:
    """Write all of them."""
    parser = argparse.ArgumentParser(description="Write Grafana's dashboards.")
    parser.add_argument(
        "--docs", metavar="URL", help="where the pages of docs/ are read; without it they are only named"
    )
    asked = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for name, text in files(asked.docs):
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

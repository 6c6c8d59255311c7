"""The list of handlers is complete: a file for each, and none forgotten."""

from pathlib import Path
from typing import cast

from worker.clients.notices import Channel
from worker.db import Database
from worker.handlers import all_handlers

FOLDER = Path(__file__).parents[2] / "worker" / "handlers"


def test_every_handler_file_is_in_the_list_and_named_like_its_kind() -> None:
    nowhere, nobody = cast(Database, None), cast(Channel, None)  # Listing asks nothing of them.

    kinds = {handler.kind for handler in all_handlers(nowhere, batch_size=50, jobs=1, channels=[nobody])}

    assert kinds == {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}

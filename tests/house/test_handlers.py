"""The list of handlers is complete: a file for each, and none forgotten."""

from pathlib import Path
from typing import cast

from worker.db import Database
from worker.handlers import all_handlers

FOLDER = Path(__file__).parents[2] / "worker" / "handlers"


def test_every_handler_file_is_in_the_list_and_named_like_its_kind() -> None:
    nowhere = cast(Database, None)  # Listing asks nothing of it.

    kinds = {handler.kind for handler in all_handlers(nowhere, batch_size=50, jobs=1)}

    assert kinds == {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}

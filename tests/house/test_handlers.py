"""The list of handlers is complete: a file for each, and none forgotten."""

from pathlib import Path
from typing import cast

from pydantic import SecretStr

from worker.app import shipped_handlers
from worker.db import Database
from worker.settings_alerts import Alerts
from worker.settings_model import Settings

FOLDER = Path(__file__).parents[2] / "worker" / "handlers"


def test_every_handler_file_is_in_the_list_and_named_like_its_kind() -> None:
    nowhere = cast(Database, None)  # Listing asks nothing of it.
    settings = Settings(alerts=Alerts(webhook_url=SecretStr("https://alerts.example.com/")))

    kinds = {handler.kind for handler in shipped_handlers(settings, nowhere)}

    assert kinds == {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}

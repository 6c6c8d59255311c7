"""The page about schedules has every key of a schedule."""

from pydantic_core import PydanticUndefined

from tests.docs.pages import table
from worker.queue.schedules import LATE, MOST_AT_A_LOOK, Missed
from worker.settings_schedules import ScheduleTable


def shown(default: object) -> str:
    if default is PydanticUndefined:
        return "must be given"
    return "not set" if default is None else str(default)


def test_the_schedules_page_has_every_key() -> None:
    fields = ScheduleTable.model_fields.items()
    wanted = [
        [name, shown(field.default), (field.description or "").replace("`", "")] for name, field in fields
    ]

    assert table("schedules.md", "key", "default", "meaning") == wanted


def test_the_schedules_page_says_what_becomes_of_missed_fires() -> None:
    rows = {row[0]: row[1] for row in table("schedules.md", "missed", "after an absence", "good for")}

    assert list(rows) == list(Missed)
    assert f"{LATE.seconds} seconds and poll_seconds late" in rows["skip"]
    assert f"{MOST_AT_A_LOOK:,} in one transaction" in rows["all"]

"""What may stand in a table of ``[schedules]``, and the sentence for what may not."""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import ErrorDetails

from worker.cron import checked_expression, checked_timezone

NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
DEPTH_OF_TABLES = 2
LARGEST = 2**31 - 1
"""Of Postgres' type integer."""


def _name(text: str) -> str:
    if NAME.fullmatch(text) is None:
        raise ValueError("a schedule's name has 1 to 100 letters, digits, - and _")
    return text


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("it holds NUL, which the database cannot")
    return text


def _json(payload: dict[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(payload, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("it must be a table of what JSON knows: no dates and times, inf or nan") from None
    if "\\u0000" in text:
        raise ValueError("a text in it holds NUL, which the database cannot")
    return payload


Text: TypeAlias = Annotated[str, AfterValidator(_text)]


class ScheduleTable(BaseModel):
    """``[schedules.NAME]``: a job that is enqueued by the clock."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    cron: Annotated[str, AfterValidator(checked_expression)] = Field(
        description="when: minute, hour, day of month, month, day of week"
    )
    kind: Text = Field(min_length=1, description="what is enqueued")
    payload: Annotated[dict[str, Any], AfterValidator(_json)] = Field({}, description="its payload")
    timezone: Annotated[str, AfterValidator(checked_timezone)] = Field(
        "UTC", description="the zone whose clocks `cron` is read by"
    )
    missed: Literal["skip", "once", "all"] = Field(
        "once", description="what becomes of fires that nobody was there for"
    )
    queue: Text | None = Field(
        None, min_length=1, max_length=100, description="another queue than the kind's own"
    )
    priority: int = Field(0, ge=-LARGEST, le=LARGEST, description="larger goes first")


ScheduleTables: TypeAlias = Mapping[Annotated[str, AfterValidator(_name)], ScheduleTable]


def schedule_sentence(problem: ErrorDetails, wanted: str, file: str) -> str:
    """Say what is wrong below ``[schedules]`` of a file, naming schedule and key."""
    path = [str(part) for part in problem["loc"] if part != "[key]"]
    where = f"{'.'.join(path)} in {file}"
    match problem["type"]:
        case "missing":
            return f"{where} is missing"
        case "extra_forbidden":
            near = get_close_matches(path[-1], list(ScheduleTable.model_fields), n=1)
            hint = (
                f"; did you mean {near[0]}?"
                if near
                else f"; known are: {', '.join(ScheduleTable.model_fields)}"
            )
            return f"{where} is not a setting{hint}"
        case "mapping_type" | "dict_type" | "model_type" if len(path) <= DEPTH_OF_TABLES:
            return f"{where} must be a table: [schedules.NAME]"
        case _:
            return f"{where} is {problem['input']!r}: {wanted}"

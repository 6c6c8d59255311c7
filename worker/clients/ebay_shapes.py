"""Shapes that eBay's REST APIs share: money as strings, pages, moments (its references' common types)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from worker.errors import SourceGarbled

R = TypeVar("R")
LARGEST = Decimal(10) ** 10 - 1
"""What numeric(12,2) holds, also once it is rounded."""
LONGEST_TEXT, LONGEST_ID = 10_000, 200
EARLIEST, LATEST = 1990, 2200


def _text_only(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("money is a string")  # noqa: TRY004 - pydantic turns this one into its sentence.
    return value


Amount = Annotated[Decimal, BeforeValidator(_text_only), Field(allow_inf_nan=False, gt=-LARGEST, lt=LARGEST)]


class Shape(BaseModel):
    """What we read of an answer: named as eBay does; what else is there is none of our business."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, str_max_length=LONGEST_TEXT
    )


class Money(Shape):
    """An amount, exact; where it was converted, ``value`` is what it was converted to."""

    value: Amount
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class Price(Money):
    """An amount that something costs: not below nothing."""

    value: Annotated[Amount, Field(ge=0)]


def _in_reason(when: datetime) -> datetime:
    if not EARLIEST <= when.year <= LATEST:
        raise ValueError("a moment that no listing has seen")
    return when


Moment = Annotated[AwareDatetime, AfterValidator(_in_reason)]
Id = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
"""What something is known by; short enough to be a key."""


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be read: which, a stable code, and a sentence. The others go on."""

    id: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Answered(Generic[R]):
    """A page: what could be read, what could not, how many there are in all, and whether there are more."""

    records: Sequence[R]
    bad: Sequence[BadRecord]
    total: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class Following(Generic[R]):
    """A page that says where the next one begins: ``offset`` in its own terms, None behind the last."""

    records: Sequence[R]
    bad: Sequence[BadRecord]
    total: int
    offset: int | None


NOTHING: Following[Any] = Following((), (), 0, None)
"""What an answer without a body means: there are none."""


def read_page(
    name: str, answer: object, *, array: str, key: str, shape: type[Shape]
) -> tuple[list[tuple[Any, Mapping[str, Any]]], list[BadRecord], Mapping[str, Any]]:
    """Read an answer's records one by one, each with what it was read from; a bad one spoils no other.

    ``array`` is where they stand, absent where there are none; ``key`` is what names a record in its error.
    Raises ``SourceGarbled`` for what is no page at all.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get(array, []), list):
        raise SourceGarbled(f"{name} answered with no page of {array}")
    good: list[tuple[Any, Mapping[str, Any]]] = []
    bad: list[BadRecord] = []
    for number, one in enumerate(answer.get(array, [])):
        try:
            _require_storable(one)
            good.append((shape.model_validate(one), one))
        except ValidationError as error:
            bad.append(BadRecord(_id_of(one, key, number), "bad_record", _sentence(error)))
        except ValueError as error:
            bad.append(BadRecord(_id_of(one, key, number), "bad_text", str(error)))
    return good, bad, answer


def total_of(name: str, page: Mapping[str, Any]) -> int:
    """How many records the source says there are in all; raises ``SourceGarbled`` where it does not."""
    total = page.get("total")
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise SourceGarbled(f"{name} answered with a page that does not say how many there are")
    return total


def offset_of_next(name: str, page: Mapping[str, Any], *, after: int) -> int | None:
    """Where the next page begins, by the link to it; None where there is none.

    Of the link only its ``offset`` is taken: a token is never sent to an address out of an answer. Raises
    ``SourceGarbled`` for a link that leads no further than ``after``, where this page began.
    """
    link = page.get("next")
    if not link:
        return None
    [offset] = parse_qs(urlsplit(link).query).get("offset", [""])[:1] if isinstance(link, str) else [""]
    if not (offset.isascii() and offset.isdigit() and len(offset) < 10 and int(offset) > after):  # noqa: PLR2004 - a database's int
        raise SourceGarbled(f"{name} answered with a page that leads to no next one")
    return int(offset)


def moment(when: datetime) -> str:
    """A moment as eBay's filters take it: UTC, milliseconds, Z."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"


def _require_storable(record: object) -> None:
    text = json.dumps(record, ensure_ascii=False)
    if "\\u0000" in text:
        raise ValueError("a text in it holds NUL, which the database cannot")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text in it holds half of a character") from None


def _id_of(record: object, key: str, number: int) -> str:
    named = record.get(key) if isinstance(record, Mapping) else None
    return (
        str(named).encode(errors="replace").decode().replace("\0", "")[:200]
        if isinstance(named, str | int)
        else f"record {number + 1} of its page"
    )


def _sentence(error: ValidationError) -> str:
    problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
    return "; ".join(problems)

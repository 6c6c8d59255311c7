"""A payload that a handler hands over, as text the database can hold."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from worker.errors import Refused

REFUSED = "MM002"
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def payload_text(kind: str, payload: Mapping[str, Any]) -> str:
    """Write a payload as JSON; how large and how deep it may be, the database decides.

    Raises ``Refused`` with the code that the database has for payloads, in a sentence.
    """
    try:
        text = json.dumps(payload, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(f"{kind}: the payload cannot be written as JSON: {error}", code=REFUSED) from None
    for one in _texts(payload):
        if (problem := _problem(one)) is not None:
            raise Refused(f"{kind}: {problem}", code=REFUSED)
    return text


def _problem(text: object) -> str | None:
    if not isinstance(text, str):
        return f"the payload has a key that is a {type(text).__name__}: a key is a text"
    if UNSTORABLE.search(text):
        return "a text of the payload holds NUL or half a surrogate pair, which no database text can"
    return None


def _texts(value: object) -> Iterator[object]:
    """Every text and every key; ends, for what can be written holds no circle."""
    match value:
        case str():
            yield value
        case dict():
            yield from value
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)
        case _:
            pass

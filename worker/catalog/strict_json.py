"""JSON as our database can hold it: what Python's reader lets pass and Postgres would choke on is refused.

::

    BadJson                   it is not JSON at all
    ├── NotFinite             NaN, Infinity, or a number too large for a float
    ├── DuplicateKey          an object says the same key twice: nobody knows which was meant
    ├── UnstorableText        NUL or half a surrogate pair in a text or a key
    └── TooDeep               lists and objects nested more than 64 deep
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from math import isinf
from typing import Any

from worker.errors import UserError

DEEPEST = 64

# Only a text that spells one of these out can decode to something unstorable; the halves of a sound pair
# are spelled like that, too, so a hit still has to be looked into.
SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class BadJson(UserError):
    """Raised when a text is not JSON; the message says where."""

    code = "json_invalid"


class NotFinite(BadJson):
    """Raised for NaN, Infinity and numbers too large to hold."""

    code = "json_not_finite"


class DuplicateKey(BadJson):
    """Raised when an object says a key twice."""

    code = "json_duplicate_key"


class UnstorableText(BadJson):
    """Raised for NUL and lone surrogates, which no Postgres text can hold."""

    code = "json_unstorable_text"


class TooDeep(BadJson):
    """Raised when lists and objects are nested deeper than any record of ours."""

    code = "json_too_deep"


def loads(text: bytes | str) -> object:
    """Decode JSON strictly; bytes are UTF-8, with or without a byte order mark. Raises ``BadJson``."""
    decoded = _decoded(text)
    value = _decode(decoded)
    _check_depth(value)
    if SUSPECT.search(decoded) or not _is_utf8(text):
        check_texts(value)
    return value


def _decode(text: str) -> object:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise BadJson(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise _too_deep() from None


def _decoded(text: bytes | str) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadJson(f"not UTF-8 at byte {error.start}: save it as UTF-8") from None


def _is_utf8(text: bytes | str) -> bool:
    # A str may hold half a pair as it stands, without an escape; bytes that could be decoded cannot.
    try:
        return isinstance(text, bytes) or text.encode() is not None
    except UnicodeEncodeError:
        return False


def _check_depth(value: object) -> None:
    # Level by level, so that nearly all of the work is done inside a few C calls.
    level = [value]
    for _ in range(DEEPEST + 1):
        objects = [inner for inner in level if isinstance(inner, dict)]
        lists = [inner for inner in level if isinstance(inner, list)]
        if not objects and not lists:
            return
        level = list(chain(chain.from_iterable(map(dict.values, objects)), chain.from_iterable(lists)))
    raise _too_deep()


def check_texts(value: object) -> None:
    """Raise ``UnstorableText`` when a text anywhere in a JSON value is one that Postgres cannot keep."""
    for text in _texts(value):
        if UNSTORABLE.search(text):
            raise UnstorableText(
                "a text holds NUL or half a surrogate pair, which no database text can: take it out"
            )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise DuplicateKey(f"an object says the key {twice[:40]!a} twice: keep the one that is meant")
    return made


def _constant(name: str) -> None:
    raise NotFinite(f"{name} is not a JSON number: write null where a figure is unknown")


def _float(digits: str) -> float:
    if isinf(number := float(digits)):
        raise NotFinite(f"the number {digits[:40]} is too large to hold: check it at its source")
    return number


def _int(digits: str) -> int:
    # Python itself refuses to read a whole number of more than some thousand digits.
    try:
        return int(digits)
    except ValueError:
        raise NotFinite(f"the number {digits[:40]}… is too large to hold: check it at its source") from None


def _too_deep() -> TooDeep:
    return TooDeep(f"lists and objects are nested more than {DEEPEST} deep: no record of ours is")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
)

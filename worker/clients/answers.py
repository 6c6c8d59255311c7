"""Read what an API answered: a body of bounded size, strict JSON, and what a status means to us."""

import json
import math
import re
import zlib
from collections.abc import AsyncIterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Never

from worker.errors import SourceDown, SourceError, SourceGarbled, SourceRefused

MAX_BODY_BYTES = 10 * 1024 * 1024
PIECE_BYTES = 128 * 1024
TOO_MANY_REQUESTS = 429
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=15)
JSON_TYPE = re.compile(r"application/([\w.-]+\+)?json")


class AnsweredDown(SourceDown):
    """Raised when a source answered 429 or 5xx; ``details`` is its error body if that was JSON, else None."""

    request = "answered"

    def __init__(
        self, message: str, *, status: int, retry_after: timedelta | None = None, details: object = None
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.status = status
        self.details = details


class TooOften(AnsweredDown):
    """Raised when a source answered that it is asked too often, by 429 or in words of its own."""


class AnsweredNo(SourceRefused):
    """Raised when a source answered 3xx or 4xx; ``details`` is its error body if that was JSON, else None."""

    request = "answered"

    def __init__(self, message: str, *, status: int, details: object = None) -> None:
        super().__init__(message)
        self.status = status
        self.details = details


def refusal(name: str, status: int, *, retry_after: timedelta | None, details: object) -> SourceError:
    """Turn a status outside 2xx into the error that fits; the message holds ``name`` and the status only."""
    if status == TOO_MANY_REQUESTS:
        message = f"{name} answered 429: too many requests"
        return TooOften(message, status=status, retry_after=retry_after, details=details)
    if status >= 500:  # noqa: PLR2004 - HTTP's own border
        message = f"{name} answered {status}: it cannot serve us now"
        return AnsweredDown(message, status=status, retry_after=retry_after, details=details)
    if status < 400:  # noqa: PLR2004 - HTTP's own border
        return AnsweredNo(f"{name} answered {status}: redirects are not followed", status=status)
    return AnsweredNo(f"{name} answered {status}", status=status, details=details)


def parse_retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """Read a Retry-After header, in seconds or as an HTTP date, clamped to 1 s..15 min; garbage is None."""
    if value is None:
        return None
    wait = _seconds(value.strip()) or _until(value.strip(), now)
    return None if wait is None else min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


def _seconds(value: str) -> timedelta | None:
    if re.fullmatch(r"\d+(\.\d+)?", value, flags=re.ASCII) is None:
        return None
    return timedelta(seconds=min(float(value), LONGEST_WAIT.total_seconds())) or SHORTEST_WAIT


def _until(value: str, now: datetime) -> timedelta | None:
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # A date with zone -0000 comes out naive; HTTP dates are GMT whatever they say.
    return (when if when.tzinfo else when.replace(tzinfo=UTC)) - now


def parse_json(name: str, body: bytes, *, content_type: str = "", typed: bool = False) -> object:
    """Read a body as strict JSON; ``SourceGarbled`` for HTML, for NaN and Infinity, for anything cut short.

    ``typed`` where it must also say that it is JSON: what says to be something else was not meant for us.
    Numbers with a point become floats whose ``repr`` is what the source wrote, up to 15 digits: read money
    with ``Decimal(repr(value))``.
    """
    if "html" in content_type.lower() or body.lstrip()[:1] == b"<":
        raise SourceGarbled(f"{name} answered with a page of HTML where JSON belongs")
    if typed and JSON_TYPE.fullmatch(content_type.partition(";")[0].strip().lower()) is None:
        raise SourceGarbled(f"{name} answered with something that does not say that it is JSON")
    try:
        return json.loads(body, parse_constant=_not_json, parse_float=_finite)
    except (ValueError, RecursionError):
        raise SourceGarbled(f"{name} answered with something that is not JSON, or was cut short") from None


def _not_json(constant: str) -> Never:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(digits)
    return value


async def read_body(
    name: str, chunks: AsyncIterable[bytes], *, encoding: str = "", limit: int = MAX_BODY_BYTES
) -> bytes:
    """Collect a body as it comes and unpack gzip; ``SourceGarbled`` past ``limit`` bytes after unpacking.

    Unpacking stops there, and goes piece by piece, so that a small body which unpacks to gigabytes costs no
    more than the limit.
    """
    unpack = _unpacker(name, encoding)
    body = bytearray()
    async for chunk in chunks:
        for piece in unpack.pieces(chunk):
            body += piece
            if len(body) > limit:
                raise SourceGarbled(f"{name} answered with more than {limit} bytes")
    unpack.end(name)
    return bytes(body)


class _AsIs:
    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def end(self, name: str) -> None:
        """Nothing to check: HTTP's framing, or the JSON in it, tells whether all came."""


class _Gunzip:
    def __init__(self, name: str) -> None:
        self._name = name
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = self._stream.decompress(chunk, PIECE_BYTES)
            except zlib.error:
                raise SourceGarbled(f"{self._name} answered with broken gzip") from None
            yield piece
            if len(piece) < PIECE_BYTES:
                return
            chunk = self._stream.unconsumed_tail

    def end(self, name: str) -> None:
        if not self._stream.eof:
            raise SourceGarbled(f"{name} answered with gzip that was cut short")


def _unpacker(name: str, encoding: str) -> _AsIs | _Gunzip:
    match encoding.strip().lower():
        case "" | "identity":
            return _AsIs()
        case "gzip" | "x-gzip":
            return _Gunzip(name)
        case _:
            raise SourceGarbled(f"{name} answered in an encoding that we did not ask for")

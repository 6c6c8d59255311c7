import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.clients.answers import (
    LONGEST_WAIT,
    SHORTEST_WAIT,
    AnsweredDown,
    AnsweredNo,
    parse_json,
    parse_retry_after,
    read_body,
    refusal,
)
from worker.errors import SourceGarbled

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 30 ", 30),
        ("0", 1),
        ("0.5", 1),
        ("86400", 900),
        ("9" * 400, 900),
        ("Sun, 01 Mar 2026 12:00:45 GMT", 45),
        ("Sun, 01 Mar 2026 12:00:45 -0000", 45),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 1),
        ("Mon, 02 Mar 2026 12:00:00 GMT", 900),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date_and_clamped(value: str, seconds: int) -> None:
    assert parse_retry_after(value, now=NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1e3", "inf", "٣", "Sun, 99 Mar 2026", "12:00"])
def test_garbage_in_retry_after_is_ignored(value: str | None) -> None:
    assert parse_retry_after(value, now=NOW) is None


@given(st.text())
def test_no_retry_after_ever_raises_or_leaves_its_bounds(value: str) -> None:
    wait = parse_retry_after(value, now=NOW)

    assert wait is None or SHORTEST_WAIT <= wait <= LONGEST_WAIT


@pytest.mark.parametrize("body", [b"NaN", b"[Infinity]", b'{"p": -Infinity}', b"[1e999]", b"", b"{", b"\xff"])
def test_what_is_not_strict_json_is_garbled(body: bytes) -> None:
    with pytest.raises(SourceGarbled):
        parse_json("api op", body)


def test_json_nested_too_deep_is_garbled_and_not_a_crash() -> None:
    with pytest.raises(SourceGarbled):
        parse_json("api op", b"[" * 200_000)


def test_html_is_named_as_html_whatever_its_content_type_says() -> None:
    with pytest.raises(SourceGarbled, match="HTML"):
        parse_json("api op", b"\n <html></html>", content_type="application/json")
    with pytest.raises(SourceGarbled, match="HTML"):
        parse_json("api op", b"{}", content_type="text/HTML; charset=utf-8")


def test_a_price_keeps_the_digits_that_the_source_wrote() -> None:
    assert repr(parse_json("api op", b"398.99")) == "398.99"


async def _chunks(body: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


async def test_a_body_is_read_up_to_its_limit_and_not_a_byte_further() -> None:
    assert await read_body("api op", _chunks(b"x" * 5000), limit=5000) == b"x" * 5000
    with pytest.raises(SourceGarbled, match="more than 5000 bytes"):
        await read_body("api op", _chunks(b"x" * 5001), limit=5000)


async def test_the_limit_holds_after_unpacking() -> None:
    packed = gzip.compress(b"x" * 5000)

    assert await read_body("api op", _chunks(packed, 7), encoding="GZIP", limit=5000) == b"x" * 5000
    with pytest.raises(SourceGarbled, match="more than 4999 bytes"):
        await read_body("api op", _chunks(packed), encoding="gzip", limit=4999)


async def test_gzip_that_is_broken_cut_short_or_something_else_is_garbled() -> None:
    packed = gzip.compress(b'{"a": 1}')

    for body, encoding in [(packed[:-9], "gzip"), (b"no gzip", "gzip"), (packed, "br")]:
        with pytest.raises(SourceGarbled):
            await read_body("api op", _chunks(body), encoding=encoding)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 520])
def test_429_and_5xx_mean_that_it_may_work_later(status: int) -> None:
    error = refusal("api op", status, retry_after=timedelta(seconds=3), details={"code": 7})

    assert isinstance(error, AnsweredDown)
    assert (error.status, error.retry_after, error.details) == (status, timedelta(seconds=3), {"code": 7})
    assert str(error).startswith(f"api op answered {status}")


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 410])
def test_other_statuses_mean_that_waiting_does_not_help(status: int) -> None:
    error = refusal("api op", status, retry_after=None, details=None)

    assert isinstance(error, AnsweredNo)
    assert error.status == status

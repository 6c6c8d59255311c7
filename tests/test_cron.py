"""When a cron expression is due, above all where clocks change."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from worker.cron import Cron, checked_expression, checked_timezone

BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(expression: str, zone: str, since: str, count: int) -> list[str]:
    """The next times after a moment (UTC), as the zone's clocks do not show them: in UTC."""
    cron, at, found = Cron(expression, zone), utc(since), list[datetime]()
    for _ in range(count):
        following = cron.after(at)
        assert following is not None
        assert following.tzinfo is UTC
        found.append(at := following)
    return [f"{at:%m-%d %H:%M}" for at in found]


def test_the_fields_are_read_by_the_clocks_of_the_zone() -> None:
    assert due("15 3 * * *", "UTC", "2025-07-01 00:00", 2) == ["07-01 03:15", "07-02 03:15"]
    assert due("15 3 * * *", BERLIN, "2025-07-01 00:00", 2) == ["07-01 01:15", "07-02 01:15"]


def test_a_due_time_is_later_than_the_moment_that_is_asked_about() -> None:
    assert due("15 3 * * *", "UTC", "2025-07-01 03:15", 1) == ["07-02 03:15"]
    assert due("15 3 * * *", "UTC", "2025-07-01 03:14:59.999999", 1) == ["07-01 03:15"]
    assert due("15 3 * * *", "UTC", "2025-07-01 03:15:00.000001", 1) == ["07-02 03:15"]


def test_a_time_of_day_that_the_clocks_skip_is_due_when_the_skip_ends() -> None:
    # On 2025-03-30 Berlin goes from 02:00 to 03:00, at 01:00 UTC.
    assert due("30 2 * * *", BERLIN, "2025-03-29 00:00", 3) == ["03-29 01:30", "03-30 01:00", "03-31 00:30"]
    assert due("0,30 2 * * *", BERLIN, "2025-03-30 00:00", 2) == ["03-30 01:00", "03-31 00:00"]


def test_a_time_of_day_that_comes_twice_is_due_once_at_its_first_coming() -> None:
    # On 2025-10-26 Berlin goes from 03:00 back to 02:00, at 01:00 UTC.
    assert due("30 2 * * *", BERLIN, "2025-10-25 12:00", 2) == ["10-26 00:30", "10-27 01:30"]
    assert due("30 2 * * *", BERLIN, "2025-10-26 01:15", 1) == ["10-27 01:30"], "asked between the two"


@pytest.mark.parametrize("expression", ["*/30 * * * *", "0,30 * * * *"])
@pytest.mark.parametrize("since", ["2025-03-29 23:00", "2025-10-25 22:00"])
def test_what_is_due_all_the_time_does_not_mind_that_clocks_change(expression: str, since: str) -> None:
    times = [datetime.strptime(one, "%m-%d %H:%M") for one in due(expression, BERLIN, since, 10)]  # noqa: DTZ007

    assert {(b - a).total_seconds() for a, b in pairwise(times)} == {1800}


def test_what_never_comes_again_has_no_due_time() -> None:
    # Day of month and of week must both fit here: a 1st or a 21st that is the month's last Monday.
    assert Cron("* * */20 * 1L").after(utc("2025-01-01 00:00")) is None


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("* * * *", "it must have five fields: minute, hour, day of month, month, day of week"),
        ("0 * * * * *", "it must have five fields"),
        ("@hourly", "it must have five fields"),
        ("", "it must have five fields"),
        ("61 * * * *", "(Bad minute)"),
        ("0 0 30 2 *", "(Bad day-of-month)"),
        ("0 0 * * L", "(Bad day-of-week)"),
        (f"{'9' * 5000} * * * *", "(a number is too large)"),
        ("* * */20 * 1L", "no day of the next 50 years is like that"),
    ],
)
def test_an_expression_that_cannot_be_used_is_refused_in_a_sentence(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"it must|no day") as caught:
        checked_expression(expression)

    assert words in str(caught.value)


@pytest.mark.parametrize("expression", ["15 3 * * *", "*/5 8-18 * * MON-FRI", "0 0 L * *", "0 0 * * MON#1"])
def test_an_expression_that_can_be_used_comes_back_as_it_is(expression: str) -> None:
    assert checked_expression(expression) == expression


@pytest.mark.parametrize("name", ["Europe/Atlantis", "Europe", "../etc/passwd", "", "/etc/localtime", "a\0b"])
def test_a_zone_that_nobody_knows_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="it must be a time zone such as Europe/Berlin or UTC"):
        checked_timezone(name)


def test_a_zone_that_is_known_comes_back_as_it_is() -> None:
    assert [checked_timezone(name) for name in ("UTC", BERLIN)] == ["UTC", BERLIN]

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.catalog.numbers import CardNumber, number_key, split_number


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        ("4", ("", 4, "")),
        ("006", ("", 6, "")),
        ("TG01", ("TG", 1, "")),
        ("SWSH020", ("SWSH", 20, "")),
        ("15_A1", ("", 15, "_A1")),
        ("XY67a", ("XY", 67, "a")),
        ("H1", ("H", 1, "")),
        ("?", ("?", None, "")),
        ("!", ("!", None, "")),
        ("A", ("A", None, "")),
        ("TG01/TG30", ("TG", 1, "")),
        (" 4/102 ", ("", 4, "")),
    ],
)
def test_a_number_comes_apart_into_prefix_value_and_suffix(
    number: str, parts: tuple[str, int | None, str]
) -> None:
    assert split_number(number) == CardNumber(*parts)


def test_a_run_of_digits_too_long_for_a_postgres_integer_stays_text() -> None:
    assert split_number("1234567890") == CardNumber("1234567890", None, "")


def test_digits_of_other_scripts_are_not_taken_for_a_value() -> None:
    assert split_number("٣") == CardNumber("٣", None, "")


def test_numbers_sort_as_a_collector_would_file_them() -> None:
    shelf = ["10", "2", "TG10", "15_A2", "TG2", "15_A1", "1"]

    assert sorted(shelf, key=split_number) == ["1", "2", "10", "15_A1", "15_A2", "TG2", "TG10"]


def test_two_spellings_of_one_number_share_a_key_and_two_numbers_do_not() -> None:
    assert number_key("tg1") == number_key("TG01") == number_key("TG01/TG30")
    assert len({number_key(number) for number in ("15", "15a", "15_A1", "TG15", "?")}) == 5


@given(st.text())
def test_any_text_comes_apart_without_losing_a_value_it_can_hold(number: str) -> None:
    parts = split_number(number)

    assert parts.value is None or 0 <= parts.value < 2**31
    assert parts.value is not None or parts.suffix == ""

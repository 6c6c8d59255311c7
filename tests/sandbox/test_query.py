import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.sandbox.query import BadQuery, parse

CHARIZARD = {
    "id": "base1-4",
    "name": "Dark Charizard",
    "hp": "120",
    "types": ["Fire"],
    "attacks": [{"name": "Fire Spin"}, {"name": "Continuous Fireball"}],
    "set": {"id": "base1"},
}


def _fits(query: str) -> bool:
    return all(term.holds(CHARIZARD) for term in parse(query))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "  ",
        "set.id:base1",
        "name:charizard",
        "name:char*",
        'name:"dark charizard"',
        '!name:"dark charizard"',
        "types:fire",
        "-types:water",
        "hp:[100 TO *]",
        "hp:[120 TO 120]",
        "attacks.name:spin",
        "set.id:base1 -types:water hp:[* TO 200]",
    ],
)
def test_a_card_is_found_by(query: str) -> None:
    assert _fits(query)


@pytest.mark.parametrize(
    "query",
    [
        "set.id:base2",
        "name:char",
        "!name:charizard",
        'name:"charizard dark"',
        "-types:fire",
        "hp:[130 TO *]",
        "hp:[a TO b]",
        "name:[1 TO 2]",
        "nosuch:thing",
        "set.id:base1 types:water",
    ],
)
def test_a_card_is_not_found_by(query: str) -> None:
    assert not _fits(query)


@pytest.mark.parametrize(
    "query", ["base1", "name:", 'name:"x', "hp:[1 TO]", "(name:x)", ":x", "a:b:c", "name: x"]
)
def test_a_malformed_query_is_refused(query: str) -> None:
    with pytest.raises(BadQuery):
        parse(query)


@given(st.text())
def test_no_query_ever_does_worse_than_being_refused(query: str) -> None:
    with contextlib.suppress(BadQuery):
        _fits(query)

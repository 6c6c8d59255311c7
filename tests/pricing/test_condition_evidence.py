"""Who is believed about a condition: descriptor, title, condition id, nobody."""

from collections.abc import Mapping
from typing import Any

import pytest

from worker.pricing.condition_evidence import UNKNOWN, Evidence, evidence
from worker.pricing.listing import read_listing


def item(name: str, content: str) -> Mapping[str, Any]:
    """A descriptor as eBay gives it with an item."""
    return {"name": name, "values": [{"content": content, "additionalInfo": []}]}


def stock(name: str, value: str) -> Mapping[str, Any]:
    """A descriptor as eBay gives it with an inventory item."""
    return {"name": name, "values": [value]}


@pytest.mark.parametrize(
    ("descriptor", "condition"),
    [
        (item("Card Condition", "Near Mint or Better"), "NM"),
        (item("Card Condition", "Lightly Played (Excellent)"), "LP"),
        (item("Card Condition", "Very Good"), "MP"),
        (stock("40001", "400010"), "NM"),
        (stock("40001", "400015"), "LP"),
        (stock("40001", "400016"), "MP"),
        (stock("40001", "400017"), "HP"),
    ],
)
def test_a_descriptor_is_believed_before_the_title(descriptor: Mapping[str, Any], condition: str) -> None:
    said = evidence(read_listing("Charizard 4/102 Moderately Played"), "4000", [descriptor])

    assert (said.condition, said.basis) == (condition, "descriptor")


def test_damage_is_said_by_titles_alone() -> None:
    poor = [stock("40001", "400017")]

    assert evidence(read_listing("Charizard 4/102 creased"), "4000", poor).condition == "DMG"
    assert evidence(read_listing("Charizard 4/102 NM"), "4000", poor).condition == "HP"


@pytest.mark.parametrize(
    "descriptors",
    [
        [item("Professional Grader", "Professional Sports Authenticator (PSA)"), item("Grade", "9.5")],
        [stock("27501", "275010"), stock("27502", "275021"), stock("27503", "12345678")],
    ],
)
def test_a_slab_s_descriptors_say_grader_and_grade(descriptors: list[Mapping[str, Any]]) -> None:
    said = evidence(read_listing("Charizard 4/102 NM"), "2750", descriptors)

    assert said == Evidence(None, "PSA", "9.5", is_graded=True, basis="descriptor")


def test_a_title_is_believed_before_the_condition_id() -> None:
    raw, slab = read_listing("Charizard 4/102 LP"), read_listing("Charizard 4/102 PSA 9")

    assert evidence(raw, "2750") == Evidence("LP", None, None, is_graded=False, basis="title")
    assert evidence(slab, "4000") == Evidence(None, "PSA", "9", is_graded=True, basis="title")


def test_a_title_without_grade_or_condition_leaves_the_word_to_the_condition_id() -> None:
    slab, plain = read_listing("Charizard 4/102 PSA"), read_listing("Charizard 4/102")

    assert evidence(slab, "2750") == Evidence(None, "PSA", None, is_graded=True, basis="condition_id")
    assert evidence(slab, "4000") == Evidence(None, None, None, is_graded=False, basis="condition_id")
    assert evidence(slab) == Evidence(None, "PSA", None, is_graded=True, basis="title")
    assert evidence(plain, "2750").is_graded


def test_what_nobody_says_is_unknown_and_never_near_mint() -> None:
    assert evidence(read_listing("Charizard 4/102")) == UNKNOWN
    assert evidence(read_listing("Charizard 4/102"), "4000").condition is None


@pytest.mark.parametrize(
    "descriptor",
    [
        {},
        {"name": "40001"},
        {"name": "40001", "values": []},
        {"name": "40001", "values": [{}]},
        stock("40001", "9"),
    ],
)
def test_a_descriptor_that_is_not_understood_is_passed_over(descriptor: Mapping[str, Any]) -> None:
    assert evidence(read_listing("Charizard 4/102 LP"), "4000", [descriptor]).basis == "title"

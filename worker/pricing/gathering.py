"""Curves by print: those with prices, and what is left out of the rest kept with the best of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from worker.pricing.curve import Curve


class GroupName(NamedTuple):
    """What a group is: a printing, a language, and a currency."""

    variant: str
    language: str
    currency: str


class NamedCurve(NamedTuple):
    """A curve, and what it is about."""

    print_id: int
    name: GroupName
    curve: Curve


USUAL = GroupName("normal", "en", "USD")
"""What a print without any price is shown as."""


def by_print(curves: Sequence[Curve], groups: Sequence[tuple[int, GroupName]]) -> list[NamedCurve]:
    """Put the curves of each print together, the one with most evidence first.

    A group without a price has no curve of its own: what was left out of it stands with the first curve of
    its print. A print of which everything is left out has one curve without prices, which says so.
    """
    of_print: dict[int, list[NamedCurve]] = {}
    for curve in curves:
        print_id, name = groups[curve.group]
        of_print.setdefault(print_id, []).append(NamedCurve(print_id, name, curve))
    return [one for named in of_print.values() for one in _gathered(named)]


def _gathered(named: Sequence[NamedCurve]) -> list[NamedCurve]:
    priced = sorted((one for one in named if one.curve.prices), key=_by_evidence)
    empty = [one.curve for one in named if not one.curve.prices]
    if not empty:
        return priced
    first = (
        priced[0]
        if priced
        else NamedCurve(named[0].print_id, USUAL, replace(named[0].curve, left_out={}, guide=[]))
    )
    left_out = _together([first.curve.left_out, *(curve.left_out for curve in empty)])
    guide = sorted({*first.curve.guide, *(one for curve in empty for one in curve.guide)})
    return [first._replace(curve=replace(first.curve, left_out=left_out, guide=guide)), *priced[1:]]


def _by_evidence(one: NamedCurve) -> tuple[int, GroupName]:
    return -one.curve.listing_count, one.name


def _together(parts: Sequence[Mapping[str, Sequence[int]]]) -> dict[str, list[int]]:
    reasons = sorted({reason for part in parts for reason in part})
    return {reason: sorted({one for part in parts for one in part.get(reason, ())}) for reason in reasons}

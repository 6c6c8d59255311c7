"""How well titles are read, measured against what they are labelled with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.pricing.titles.making import COLUMNS, NOTHING, Labelled, read
from worker.pricing.listing import ListingReading, read_listing

HERE = Path(__file__).parent
FILES = (
    "by_hand",
    "held_out",
    "other_styles",
    "last_look",
    "unseen",
    "second_look",
    "third_look",
    "several",
    "fourth_look",
    "fifth_look",
    "generated",
)
LABELS = COLUMNS[1:]
NO_SINGLE = {"junk", "not_a_single"}


@dataclass(frozen=True, slots=True)
class Accuracy:
    """``right`` is the share of titles for which a label is right.

    ``graded`` is that of grader and grade together, ``junk_f1`` of "junk or not a single" against the rest;
    ``near_mint_unknown`` are the titles of unknown condition that were read as Near Mint.
    """

    titles: int
    right: Mapping[str, float]
    graded: float
    junk_f1: float
    near_mint_unknown: tuple[str, ...]
    wrong: tuple[str, ...]


def corpus(*names: str) -> list[Labelled]:
    """The labelled titles of these files, or of all."""
    return [one for name in names or FILES for one in read(HERE / f"{name}.tsv")]


def said(reading: ListingReading) -> dict[str, str]:
    """A reading as the files write it."""
    found = {label: getattr(reading, label) for label in LABELS}
    return {label: NOTHING if value is None else str(value) for label, value in found.items()}


def measure(titles: Iterable[Labelled]) -> Accuracy:
    """Read all of them and compare."""
    pairs = [(one, said(read_listing(one.title))) for one in titles]
    return Accuracy(
        titles=len(pairs),
        right={label: _share(pairs, label) for label in LABELS},
        graded=_share(pairs, "grader", "grade"),
        junk_f1=_junk_f1(pairs),
        near_mint_unknown=tuple(
            one.title for one, got in pairs if got["condition"] == "NM" and one.labels["condition"] == NOTHING
        ),
        wrong=tuple(line for one, got in pairs if (line := _told(one, got))),
    )


def _share(pairs: list[tuple[Labelled, dict[str, str]]], *labels: str) -> float:
    right = sum(all(one.labels[label] == got[label] for label in labels) for one, got in pairs)
    return right / len(pairs)


def _junk_f1(pairs: list[tuple[Labelled, dict[str, str]]]) -> float:
    judged = [(one.labels["left_out"] in NO_SINGLE, got["left_out"] in NO_SINGLE) for one, got in pairs]
    both, either = sum(a and b for a, b in judged), sum(a != b for a, b in judged)
    return 2 * both / (2 * both + either) if both or either else 1.0


def _told(one: Labelled, got: Mapping[str, str]) -> str:
    wrong = [
        f"{label} {got[label]}, not {one.labels[label]}"
        for label in LABELS
        if got[label] != one.labels[label]
    ]
    return f"{one.title!r}: {'; '.join(wrong)}" if wrong else ""

"""Grades of coins: who graded it, how, and what is said of it in words; on Sheldon's scale from 1 to 70."""

import re
from typing import NamedTuple

from worker.pricing.folding import fold

GRADERS = ("PCGS", "NGC", "ANACS", "ICG", "CACG", "SEGS", "PCI")
SHELDON = frozenset({1, 2, 3, 4, 6, 8, 10, 12, 15, 20, 25, 30, 35, 40, 45, 50, 53, 55, 58, *range(60, 71)})
SPELLED = {"EF": "XF", "PR": "PF", "UNC": "MS", "BU": "MS"}
BANDS = ((60, "MS"), (50, "AU"), (40, "XF"), (20, "VF"), (12, "F"), (8, "VG"), (4, "G"), (3, "AG"), (1, "PO"))
"""From this number on, the letters of a grade."""

_GRADER = re.compile(
    rf"\b(?P<no>un|not |non[- ]|no |like |for |vs\.? )?(?P<grader>{'|'.join(GRADERS)})\b"
    r"(?P<not>\s*(?:\?|ready|candidate|worthy|quality|it\b|potential))?",
    re.IGNORECASE,
)
_SHELDON = re.compile(
    r"(?<![A-Za-z0-9.])(PO|FR|AG|G|VG|F|VF|XF|EF|AU|MS|PF|PR|SP|UNC|BU)[ -]?"
    r"(\d\d?)(?![\d.]|\s?[xX]\b)(\s?\+)?",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?:PCGS|NGC|ANACS|ICG|CACG)[ -]?(\d\d?)(?![\d.])", re.IGNORECASE)
_WORDS = (
    ("PF", re.compile(r"\b(?:proof(?![ -]?like)|PF|PR)\b", re.IGNORECASE)),
    (
        "MS",
        re.compile(r"\b(?:BU|UNC|MS|(?<!about )(?<!almost )uncirculated|mint state)\b", re.IGNORECASE),
    ),
    ("AU", re.compile(r"\b(?:AU(?! ?\.?9)|(?:about|almost) uncirculated)\b", re.IGNORECASE)),
    ("XF", re.compile(r"\b(?:XF|EF|(?:extremely|extra) fine)\b", re.IGNORECASE)),
    ("VF", re.compile(r"\b(?:VF|very fine)\b", re.IGNORECASE)),
    (
        "F",
        re.compile(
            r"(?<!extremely )(?<!extra )(?<!very )(?<!\d )\bfine\b(?! (?:silver|gold))", re.IGNORECASE
        ),
    ),
    ("VG", re.compile(r"\b(?:VG|very good)\b", re.IGNORECASE)),
    ("AG", re.compile(r"\b(?:about|almost) good\b", re.IGNORECASE)),
)
_DETAILS = re.compile(r"\b(?:details?|genuine)\b", re.IGNORECASE)
_DESIGNATIONS = (
    ("DMPL", re.compile(r"\b(?:DMPL|deep mirror|DPL)\b", re.IGNORECASE)),
    ("PL", re.compile(r"\b(?:PL|proof ?-?like)\b", re.IGNORECASE)),
    ("DCAM", re.compile(r"\b(?:DCAM|UCAM|deep cameo|ultra cameo)\b", re.IGNORECASE)),
    ("CAM", re.compile(r"(?<!deep )(?<!ultra )\b(?:CAM|cameo)\b", re.IGNORECASE)),
    ("FBL", re.compile(r"\b(?:FBL|full bell lines)\b", re.IGNORECASE)),
    ("FB", re.compile(r"\b(?:FB|FSB|full (?:split )?bands?)\b", re.IGNORECASE)),
    ("FH", re.compile(r"\b(?:FH|full head)\b", re.IGNORECASE)),
    ("FS", re.compile(r"\b(?:[56]FS|full steps?)\b", re.IGNORECASE)),
    ("CAC", re.compile(r"\bCAC\b", re.IGNORECASE)),
)
"""What makes another market of a grade. The colours of copper are none: every copper coin has one."""


class CoinGrade(NamedTuple):
    """What is said of a coin's grade.

    ``graders`` are those in whose slab it is said to be; ``grade`` is "MS65", or letters alone ("XF"), or
    None where nothing is said, or two things are. ``details``: it has a grade, and a fault beside it.
    """

    graders: frozenset[str]
    grade: str | None
    details: bool
    designations: frozenset[str]

    @property
    def is_proof(self) -> bool:
        """Whether it was struck as a proof."""
        return self.grade is not None and self.grade.startswith("PF")


def read_grade(text: str) -> CoinGrade:
    """Read what a text says of a coin's grade; a slab that is only hoped for ("PCGS ready") is none."""
    folded = fold(text)
    graders = frozenset(
        found["grader"].upper() for found in _GRADER.finditer(folded) if not found["no"] and not found["not"]
    )
    grades = _numbered(folded) or (_bare(folded) if graders else set()) or _in_words(folded)
    details = bool(_DETAILS.search(folded)) and (bool(graders) or "etail" in folded.lower())
    designations = frozenset(name for name, pattern in _DESIGNATIONS if pattern.search(folded))
    return CoinGrade(graders, grades.pop() if len(grades) == 1 else None, details, designations)


def _numbered(text: str) -> set[str]:
    return {
        f"{SPELLED.get(letters.upper(), letters.upper())}{number}{'+' if plus else ''}"
        for letters, number, plus in _SHELDON.findall(text)
        if int(number) in SHELDON
    }


def _bare(text: str) -> set[str]:
    """A grader's number alone: "NGC 65"."""
    return {f"{band_of(int(number))}{number}" for number in _BARE.findall(text) if int(number) in SHELDON}


def _in_words(text: str) -> set[str]:
    return {letters for letters, pattern in _WORDS if pattern.search(text)}


def band_of(number: int) -> str:
    """The letters of a number on Sheldon's scale, for a coin that is no proof."""
    return next(letters for least, letters in BANDS if number >= least)


def band(grade: str) -> str:
    """The letters of a grade: of "MS65+" it is "MS", of "VF30" and "VF" it is "VF"."""
    return grade.rstrip("0123456789+")

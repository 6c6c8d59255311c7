"""Figures in a title that are no collector number: grades, hit points, levels, money, editions."""

import re

GRADERS = "psa|bgs|bvg|bccg|beckett|cgc|csg|sgc|tag|ace|aog|gsg|hga|gma|ksa|mnt|ars|pca"
"""Who puts cards into slabs and prints a grade on them."""
GRADE_WORDS = (
    r"(?:gem|mint|mt|nm|ex|vg|good|gd|fair|fr|poor|pr|near|very|excellent|pristine|perfect|black|label"
    r"|grade|graded|quad|mt\+|nm\+)"
)
GRADE = r"(?:10|[1-9](?:\.5)?)(?![\d]|\.\d|\s*/)"

_OTHER_FIGURES = re.compile(
    rf"""
    \b(?:{GRADERS})(?![a-z])[\s:\#.-]*(?:{GRADE_WORDS}\b[\s/+.-]*)*{GRADE}
  | \b(?:gem|mint|mt|pristine|grade[ds]?|label)[\s:-]*{GRADE}
  | \d+(?:\.\d)?(?:\s*/\s*\d+(?:\.\d)?){{2,}}          # the four sub-grades, or a date
  | \d+\.\d+
  | (?<![\d/])(?<!/\s)\b\d{{2,3}}\s*hp\b | \bhp\s*\d{{2,3}}\b(?!\s*/)
  | \b(?:lv|lvl|level)[.\s]*\d{{1,3}}\b(?!\s*/)
  | [$\u00a3\u20ac]\s*\d[\d.,]*
  | (?<![\d/])(?<!/\s)\b\d[\d.,]*(?:[$\u00a3\u20ac%]|\s?(?:usd|eur|gbp|dollars|cents|percent)\b)
  | \b(?:1st|first|1)\.?\s*(?:ed|edn|edition)\b | \b(?:edition|ed\.?)\s*1\b
  | \b(?:gen|generation|stage|wave|vol|volume|tier|page)\b[.\s]*\d+\b(?!\s*/)
    """,
    re.VERBOSE,
)
BREAK = " ; "
"""Stands where a figure was: what stood left and right of it does not become neighbours."""


def without_other_figures(text: str) -> str:
    """Take out of a folded lower-case title every figure that another word explains.

    "PSA 9", "120 HP", "LV.76", "$5", "1st Edition" go; "4/102" and a bare "4" stay.
    """
    return _OTHER_FIGURES.sub(BREAK, text)

"""From what a title of a coin says to what is read from it."""

from worker.pricing.lexicon import Findings, Meaning
from worker.pricing.listing_junk import gravest, junk_in, quantity_of, worded
from worker.pricing.listing_reading import DEFAULT_LANGUAGE, LeftOut, ListingReading
from worker.pricing.listing_why import why
from worker.pricing.spelling import spell

DETAILS = "Details"


def read_coin(title: str, text: str, said: Findings) -> ListingReading:
    """Read what is said. A coin has no condition of the five, no language, variant or collector number.

    A coin that was cleaned, holed or polished is junk, and on a slab of a grader it is one of "Details".
    """
    slab = _slab(said)
    junk = junk_in(said, named=slab is not None)
    words = spell(title) if junk else ()
    left_out: LeftOut | None = None
    because: Meaning | None = None
    if junk:
        left_out, gravest_one = gravest(junk)
        because = worded(gravest_one, words, text)
    elif slab is not None:
        left_out, because = "graded", slab
    elif "problem" in said:
        left_out, because = "junk", said["problem"][0]
    return ListingReading(
        None,
        slab.grader if slab else None,
        slab.grade if slab else None,
        DEFAULT_LANGUAGE,
        None,
        quantity_of(junk, words, text),
        None,
        left_out,
        why(left_out, because, None, (), slab, None),
        slab.qualifier if slab else None,
    )


def _slab(said: Findings) -> Meaning | None:
    """The slab that graders, grades and problems, wherever they stand, make together."""
    if "slab" not in said or "raw" in said:
        return None
    graders = {one.grader for one in said["slab"]}
    sheldon, problems = said.get("sheldon", []), said.get("problem", [])
    best = sheldon[0] if len({one.grade for one in sheldon}) == 1 else None
    problem = next((one for one in problems if one.grade), problems[0] if problems else None)
    return Meaning(
        "slab",
        " ".join([one.said for one in (*said["slab"], *sheldon, *problems)]),
        grader=next(iter(graders)) if len(graders) == 1 else None,
        grade=_grade(best, problem),
        qualifier="details" if problem else best.qualifier if best else None,
    )


def _grade(best: Meaning | None, problem: Meaning | None) -> str | None:
    if best is None or best.grade is None:
        return None if problem is None else problem.grade or DETAILS
    if problem is None or best.grade.endswith(DETAILS):
        return best.grade
    return f"{best.grade} {DETAILS}"

"""Slabs in titles: who graded a card, with what grade, and what only sounds like it."""

from collections.abc import Sequence

from worker.pricing.conditions import SHORT
from worker.pricing.lexicon import NOTHING, Lexicon, Meaning
from worker.pricing.signs import LARGE, PAIR, RATING, Signs

SURE = "psa bgs bvg bccg beckett cgc csg sgc hga gma ksa"
"""Graders that are nothing else: their name alone says that a card is graded."""
UNSURE = "tag ace aog gsg mnt ars pca ags ucg ccc graad isa pgs rcg cga ark pcg egs afg rare"
"""Graders whose names are words or codes of other things too: they count with a grade beside them."""
NAMES = {"beckett": "BGS"}
STRONG = frozenset({"gem", "graded", "grade", "pristine", "black"})
"""Words that with a grade say by themselves that there is a slab."""
TEN = [str(grade) for grade in range(1, 11)]
GRADES = [*TEN, *(f"{grade}.5" for grade in range(1, 10)), *(f"({grade})" for grade in range(1, 11))]
SGC_POINTS = "98 96 92 88 86 84 82 80 70 60 55 50 45 40 35 30 20".split()  # noqa: SIM905
"""SGC's older grades, out of a hundred; kept as they are written."""
WORDS = """
    gem mint mt nm ex EX exmt vg vgex good gd fair fr poor pr near very excellent pristine perfect black label
    grade grading graded gold green / quad slab slabbed certified cert company condition nmmt g (mint) (nm)
    universal
"""
"""What may stand between a grader and the grade."""
AFTER = """
    FR PR gem mint mt nm near ex EX exmt vg vgex good pristine perfect black label gold / nmmt (mint) (nm)
    (m) auto fr pr poor OC MC MK ST PD
"""
"""What may stand behind it."""
QUALIFIERS = frozenset({"OC", "MC", "MK", "ST", "PD"})
"""PSA's, for what would otherwise have lowered the grade."""
LABELS = ("pristine", "perfect", "black")
DOUBTS = """
    ? ready candidate candidates contender contenders worthy quality material potential potentially possible
    possibly hopeful hopefully submission submit submitted sub eligible bound prospect gradable gradeable
    maybe caliber calibre value price prices comps comp condition wannabe regrade crossover equivalent like
    shot chance chances please perhaps probable grading upgrade hunter better higher above
"""
"""After a grader's name, or a grade, they say that there is no slab."""
DOUBTS_BEFORE = """
    potential possible for to ready maybe could should might strong easy likely like looking worthy of solid
    probable gradable gradeable candidate send submit into pre crack cracked contender submission get
    hopeful looks look feels screams possibly potentially possibilities can will would from either future
    next via towards formerly former previously was rejected returned refused
"""
"""Before a grader's name they say the same."""
BEFORE_GRADER = """
    4 a an the great good nice perfect solid be make by from as get grade grading at with submission gem
    mint in
"""
RAW = """
    can be graded | could be graded | crack out | cracked from slab | cracked out | cracked slab |
    for grading | fresh for grading | get graded | get it graded | good for grading | gradable |
    grade candidate | grade it | grade ready | grade worthy | gradeable | graded ready | gradeworthy |
    grading candidate | grading contender | grading potential | grading ready | grading worthy |
    great for grading | hasnt been graded | isnt graded | never been graded | never graded | no grade |
    no slab | not in a slab |
    non graded | nongraded | not been graded | not graded | not professionally graded | not slabbed |
    not yet graded | perfect for grading | raw | raw card | ready for grading |
    ready to grade | regrade | regrade candidate | roh | self graded | should be graded | to be graded |
    un graded | ungraded | ungraged | unslabbed | will be graded | worth grading | yet to be graded
"""
"""They say that there is no slab, whatever else is said of graders."""
GRADED = """
    bewertet | encapsulated | gegradet | grad | gradada | gradata | gradate | graded | graded card |
    graded slab | gradee | professionally graded | slab | slabbed
"""


class _Pieces:
    """The patterns that the rules are made of."""

    def __init__(self, signs: Signs) -> None:
        self.sure, self.grader = signs.any(SURE), signs.any(f"{SURE} {UNSURE}")
        self.doubt, self.joins = signs.any(DOUBTS), signs.any("and or /")
        self.words, self.after = signs.any(WORDS), signs.any(AFTER)
        self.qualifier = signs.any(["oc", "mc", "mk", "st", "pd", "authentic", "altered", "auth"])
        self.any_grade = signs.any(GRADES)
        # "PSA 4 / 102" and "PSA 9 x 2" are no grades.
        slash, times, hash_ = signs.any("/"), signs.any("x"), signs.any("#")
        of_ten = f"{signs.any('/ of x card cards')}{signs.any(TEN)}"
        self.grade = f"{self.any_grade}(?!{of_ten}|{slash}[{PAIR}{LARGE}]|{times})"
        self.behind = f"(?:{self.after}|{self.qualifier}){{0,3}}"
        self.graded = f"{self.words}{{0,6}}{hash_}?{self.grade}{self.behind}"
        self.not_graded = f"(?!{self.words}{{0,6}}{self.grade})"


def add_slabs(lexicon: Lexicon) -> None:
    """Teach a lexicon of cards all of this."""
    lexicon.phrases("raw", RAW)
    lexicon.phrases("graded", GRADED)
    one = _Pieces(lexicon.signs)
    _add_graders(lexicon, one)
    _add_unsure_graders(lexicon, one)
    _add_grades(lexicon, one)
    before = lexicon.signs.any(BEFORE_GRADER)
    lexicon.rule(DOUBTS_BEFORE, f"{before}{{0,3}}(?={one.sure})", _doubt)


def _add_graders(lexicon: Lexicon, one: _Pieces) -> None:
    signs = lexicon.signs
    lexicon.rule("sgc", f"{one.words}{{0,3}}{signs.any(SGC_POINTS)}(?!{signs.any('/')}){one.doubt}?", _slab)
    lexicon.rule("psa", f"{signs.any('/')}?{signs.any('dna')}", _no_grade)
    lexicon.rule("psa", signs.any("it IT"), _no_grade)
    lexicon.rule(SURE, f"{RATING}(?:{one.doubt}|{signs.any('auto autograph')})?", _rating)
    # "PSA 10 or BGS 9.5 candidate"
    lexicon.rule(SURE, f"{one.graded}{one.joins}(?:{one.sure}{one.graded}|{one.any_grade}){one.doubt}", _slab)
    others = f"(?:{one.joins}?{one.grader}){{0,3}}"
    authentic = f"{one.words}{{0,3}}{one.qualifier}{{1,2}}"
    hoped = f"{one.words}{{0,3}}(?={one.doubt})"
    lexicon.rule(SURE, f"{others}(?:{one.graded}|{authentic}|{hoped})?(?:{one.joins}?{one.doubt})?", _slab)


def _add_unsure_graders(lexicon: Lexicon, one: _Pieces) -> None:
    near = lexicon.signs.any("grading graded gem mint mt grade / pristine black label nm")
    lexicon.rule(UNSURE, f"{near}{{0,3}}{lexicon.signs.any('#')}?{one.grade}{one.behind}{one.doubt}?", _slab)


def _add_grades(lexicon: Lexicon, one: _Pieces) -> None:
    """Grades that stand before the grader, or far from one: "9 PSA", "Gem Mint 10"."""
    unsure = lexicon.signs.any(UNSURE)
    no_number = f"(?<!{lexicon.signs.any('#')}{one.any_grade})"
    lexicon.rule(
        GRADES, f"{no_number}{one.after}{{0,3}}{one.sure}{one.not_graded}(?!{unsure}){one.doubt}?", _slab
    )
    # "Gem mint PSA 10 contender": the words are the grade's.
    hoped = f"{one.sure}{one.graded}(?:{one.joins}?{one.doubt})?"
    lexicon.rule("gem", f"{lexicon.signs.any('mint mt')}{hoped}", _slab)
    heads = "gem mint mt nm near ex exmt vg vgex good pristine perfect grade graded black nmmt"
    behind = f"(?:{one.after}{{0,2}}{one.sure}{one.not_graded})?"
    lexicon.rule(heads, f"{one.words}{{0,4}}{one.grade}{behind}{one.doubt}?", _grade)


def _doubt(words: Sequence[str]) -> Meaning | None:
    """Read "potential", "ready for": what comes next is a slab that is none."""
    return Meaning("negation", " ".join(words)) if set(words[1:]) <= set(BEFORE_GRADER.split()) else None


def _no_grade(words: Sequence[str]) -> Meaning | None:
    """Read "PSA DNA", which is about autographs; and "PSA it", which nobody has done yet."""
    if words[-1] in {"it", "IT"}:
        return Meaning("raw", "psa it")
    return Meaning("junk", "psa dna", "other_product") if words[-1] == "dna" else None


def _rating(words: Sequence[str]) -> Meaning | None:
    """Read "PSA 9/10": somebody's hope, but where the second is the grade of an autograph."""
    return NOTHING if RATING in words and words[-1] not in {"auto", "autograph"} else None


def _slab(words: Sequence[str]) -> Meaning | None:
    """Read a grader and what stands beside it."""
    if words[-1] in DOUBTS.split():
        return NOTHING
    graders = [word for word in words if word in f"{SURE} {UNSURE}".split()]
    grades = _grades(words)
    if not graders:
        return None
    name = graders[-1] if grades or len(set(graders)) == 1 else None
    qualifier = _qualifier(words)
    grade = grades[0] if grades else "Authentic" if qualifier in {"authentic", "altered"} else None
    return Meaning(
        "slab",
        " ".join(words),
        _condition_behind(words),
        grader=None if name is None else NAMES.get(name, name.upper()),
        grade=grade,
        qualifier=qualifier,
    )


def _grade(words: Sequence[str]) -> Meaning | None:
    """Read "Gem Mint 10", "graded 9": a slab if a grader is named elsewhere, or if it says so itself."""
    if any(word in SURE.split() for word in words):
        return _slab(words)
    if words[-1] in DOUBTS.split():  # "NM, gem mint 10?"
        hoped = "gem" in words[1:] and words[0] in SHORT
        return Meaning("condition", words[0], SHORT[words[0]]) if hoped else NOTHING
    condition = "" if words[0] in STRONG else SHORT.get(words[0], "")
    grades = _grades(words)
    return (
        Meaning("grade", " ".join(words), condition, grade=grades[0], qualifier=_qualifier(words))
        if grades
        else None
    )


def _grades(words: Sequence[str]) -> list[str]:
    known = [*SGC_POINTS, *GRADES] if words[0] == "sgc" else GRADES
    return [word.strip("()") for word in words if word in known]


def _condition_behind(words: Sequence[str]) -> str:
    """What is said behind the grade; it counts where the slab turns out to be none: "not PSA 10, NM"."""
    last = max((at for at, word in enumerate(words) if word in GRADES), default=len(words))
    return next((SHORT[word] for word in words[last:] if word in SHORT), "")


def _qualifier(words: Sequence[str]) -> str | None:
    if "altered" in words:
        return "altered"
    if "authentic" in words or "auth" in words:
        return "authentic"
    if (label := next((one for one in LABELS if one in words), None)) is not None:
        return "black label" if label == "black" else label
    return next((word.upper() for word in words if word.upper() in QUALIFIERS), None)

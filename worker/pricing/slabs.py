"""Slabs in titles: who graded a card, with what grade, and what only sounds like it."""

from collections.abc import Sequence

from worker.pricing.lexicon import Lexicon, Meaning
from worker.pricing.signs import LARGE, PAIR, RATING

SURE = "psa bgs bvg bccg beckett cgc csg sgc hga gma ksa"
"""Graders that are nothing else: their name alone says that a card is graded."""
UNSURE = "tag ace aog gsg mnt ars pca ags ucg ccc graad isa pgs rcg cga ark pcg egs afg rare"
"""Graders whose names are words or codes of other things too: they count with a grade beside them."""
NAMES = {"beckett": "BGS"}
TEN = [str(grade) for grade in range(1, 11)]
GRADES = [*TEN, *(f"{grade}.5" for grade in range(1, 10)), *(f"({grade})" for grade in range(1, 11))]
WORDS = """
    gem mint mt nm ex EX exmt vg vgex good gd fair fr poor pr near very excellent pristine perfect black label
    grade grading graded gold green / quad slab slabbed certified cert company condition nmmt g (mint) (nm)
"""
"""What may stand between a grader and the grade."""
AFTER = "FR PR gem mint mt nm near ex EX exmt vg vgex good pristine perfect black label gold / nmmt (mint) (nm) (m) auto fr pr poor"
QUALIFIERS = {"oc": "OC", "mc": "MC", "mk": "MK", "st": "ST", "pd": "PD"}
CAPITAL_QUALIFIERS = "OC MC MK ST PD"
LABELS = ("pristine", "perfect", "black")
DOUBTS = """
    ? ready candidate candidates contender contenders worthy quality material potential potentially possible
    possibly hopeful hopefully submission submit submitted sub eligible bound prospect gradable gradeable maybe
    caliber calibre value price prices comps comp condition wannabe regrade crossover equivalent like shot
    chance chances please perhaps probable grading upgrade hunter
"""
"""After a grader's name, or a grade, they say that there is no slab."""
DOUBTS_BEFORE = """
    potential possible for to ready maybe could should might strong easy likely like looking worthy of
    solid probable gradable gradeable candidate send submit into pre crack cracked contender submission get
    hopeful looks look feels screams possibly potentially possibilities can will would from either future next via towards
"""
BEFORE_GRADER = "a an the be get grade grading at with submission gem mint in"
RAW = """
    can be graded | could be graded | crack out | cracked from slab | cracked out | cracked slab |
    for grading | fresh for grading | get graded | get it graded | good for grading | gradable |
    grade candidate | grade it | grade ready | grade worthy | gradeable | graded ready | gradeworthy |
    grading candidate | grading contender | grading potential | grading ready | grading worthy |
    great for grading | never graded | no grade | non graded | nongraded | not graded | not slabbed |
    perfect for grading | raw | raw card | ready for grading | ready to grade | regrade |
    regrade candidate | roh | self graded | should be graded | to be graded | un graded | ungraded |
    ungraged | unslabbed | will be graded | worth grading
"""
GRADED = """
    bewertet | encapsulated | gegradet | grad | gradada | gradata | gradate | graded | graded card |
    graded slab | gradee | professionally graded | slab | slabbed
"""


def add_slabs(lexicon: Lexicon) -> None:
    """Teach a lexicon of cards all of this."""
    signs = lexicon.signs
    grader, sure = signs.any(f"{SURE} {UNSURE}"), signs.any(SURE)
    grade, words, after = signs.any(GRADES), signs.any(WORDS), signs.any(f"{AFTER} {CAPITAL_QUALIFIERS}")
    qualifier = signs.any([*QUALIFIERS, "authentic", "altered", "auth"])
    doubt, joins = signs.any(DOUBTS), signs.any("and or /")
    end_of_grade = f"(?!{signs.any('/ of x card cards')}{signs.any(TEN)}|{signs.any('/')}[{PAIR}{LARGE}]|{signs.any('x')})"
    graded = f"{words}{{0,6}}{grade}{end_of_grade}(?:{after}|{qualifier}){{0,3}}"
    lexicon.phrases("raw", RAW)
    lexicon.phrases("graded", GRADED)
    for head in SURE.split():
        lexicon.rule([head], f"{RATING}(?:{doubt}|{signs.any('auto autograph')})?", _rating)
        lexicon.rule([head], f"{graded}{joins}(?:{signs.any(SURE)}{graded}{doubt}|{grade}{doubt})", _slab)
        lexicon.rule(
            [head],
            f"(?:{joins}?{grader}){{0,3}}(?:{graded}|{words}{{0,3}}{qualifier}{{1,2}}|{words}{{0,3}}(?={doubt}))?{doubt}?",
            _slab,
        )
    # A word like TAG or ACE counts only right beside its grade.
    near = f"{signs.any('grading graded gem mint mt grade / pristine black label nm')}{{0,3}}"
    lexicon.rule(UNSURE, f"{near}{grade}{end_of_grade}(?:{after}|{qualifier}){{0,3}}{doubt}?", _slab)
    lexicon.rule(
        GRADES,
        f"{after}{{0,3}}{sure}(?!{words}{{0,6}}{grade}{end_of_grade}|{signs.any(UNSURE)}){doubt}?",
        _slab,
    )
    heads = "gem mint mt nm near ex exmt vg vgex good pristine perfect grade graded black nmmt"
    lexicon.rule(
        heads,
        f"{words}{{0,4}}{grade}{end_of_grade}(?:{after}{{0,2}}{sure}(?!{words}{{0,6}}{grade}{end_of_grade}))?{doubt}?",
        _grade,
    )
    lexicon.rule(DOUBTS_BEFORE, f"{signs.any(BEFORE_GRADER)}{{0,3}}(?={sure})", _doubt)
    lexicon.rule("psa", signs.any("dna"), _signature)


def _signature(words: Sequence[str]) -> Meaning | None:
    return Meaning("junk", "psa dna", "other_product") if "dna" in words else None


def _rating(words: Sequence[str]) -> Meaning | None:
    """Read "PSA 9/10": somebody's hope, but where the second is the grade of an autograph."""
    return Meaning("nothing") if RATING in words and words[-1] not in {"auto", "autograph"} else None


def _doubt(words: Sequence[str]) -> Meaning | None:
    """Read "potential", "ready for": what comes next is a slab that is none."""
    return Meaning("negation", " ".join(words)) if set(words[1:]) <= set(BEFORE_GRADER.split()) else None


def _slab(words: Sequence[str]) -> Meaning | None:
    """Read a grader and what stands beside it."""
    said = " ".join(words)
    if words[-1] in DOUBTS.split():
        return Meaning("nothing", said)
    graders = [word for word in words if word in f"{SURE} {UNSURE}".split()]
    grades = [word.strip("()") for word in words if word in GRADES]
    if not graders:
        return None
    name = graders[-1] if grades or len(set(graders)) == 1 else None
    grader = None if name is None else NAMES.get(name, name.upper())
    qualifier = _qualifier(words)
    if not grades and qualifier in {"authentic", "altered"}:
        return Meaning("slab", said, grader=grader, grade="Authentic", qualifier=qualifier)
    return Meaning("slab", said, _condition(words), grader, grades[0] if grades else None, qualifier)


def _condition(words: Sequence[str]) -> str:
    """What is said behind the grade; it counts where the slab turns out to be none: "not PSA 10, NM"."""
    behind = max((at for at, word in enumerate(words) if word in GRADES), default=len(words))
    return next(
        (CONDITION_OF_WORD[word] for word in words[behind:] if word != "gem" and word in CONDITION_OF_WORD),
        "",
    )


def _qualifier(words: Sequence[str]) -> str | None:
    if "altered" in words:
        return "altered"
    if "authentic" in words or "auth" in words:
        return "authentic"
    if (label := next((one for one in LABELS if one in words), None)) is not None:
        return "black label" if label == "black" else label
    return next(
        (word.upper() for word in words if word in QUALIFIERS or word in CAPITAL_QUALIFIERS.split()), None
    )


CONDITION_OF_WORD = {
    "gem": "NM",
    "mint": "NM",
    "mt": "NM",
    "nm": "NM",
    "near": "NM",
    "ex": "LP",
    "exmt": "LP",
}
CONDITION_OF_WORD |= {"vg": "MP", "vgex": "MP", "good": "MP", "nmmt": "NM"}


def _grade(words: Sequence[str]) -> Meaning | None:
    """Read "Gem Mint 10", "graded 9": a slab if a grader is named elsewhere, or if it says so itself."""
    if any(word in SURE.split() for word in words):
        return _slab(words)
    said = " ".join(words)
    if words[-1] in DOUBTS.split():
        return Meaning("nothing", said)
    found = next((word.strip("()") for word in words if word in GRADES), None)
    if found is None:
        return None
    strong = words[0] in {"gem", "graded", "grade", "pristine", "black"}
    condition = "" if strong else CONDITION_OF_WORD.get(words[0], "")
    return Meaning("grade", said, condition, grade=found, qualifier=_qualifier(words))

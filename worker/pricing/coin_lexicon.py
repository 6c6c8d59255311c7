"""The lexicon of coin titles."""

from collections.abc import Sequence
from functools import lru_cache

from worker.pricing import coin_words
from worker.pricing.lexicon import NOTHING, Lexicon, Meaning
from worker.pricing.quantities import BRACKETED, NUMBERS, WORDS, a_number, add_quantities, count
from worker.pricing.signs import TIMES, Signs
from worker.pricing.slabs import RAW

POINTS = [str(points) for points in range(1, 71)]
"""Of the scale of Sheldon."""


@lru_cache(maxsize=1)
def coin_lexicon() -> Lexicon:
    """Make it, at the first call."""
    lexicon = Lexicon(Signs())
    lexicon.phrases("raw", RAW)
    lexicon.phrases("problem", coin_words.PROBLEMS)
    weak = coin_words.WEAK.split()
    for sort, listed in coin_words.FAKES.items():
        for phrase in map(str.strip, listed.split("|")):
            lexicon.phrases("weak_junk" if phrase in weak else "junk", phrase, sort)
    _add_counts(lexicon)
    _add_grades(lexicon)
    lexicon.phrases("nothing", coin_words.HARMLESS)
    denied = lexicon.signs.any(coin_words.DENIED)
    lexicon.rule("not no never non", f"{lexicon.signs.any('a an')}?(?={denied})", _negation)
    return lexicon.ready()


def _add_counts(lexicon: Lexicon) -> None:
    signs = lexicon.signs
    add_quantities(lexicon)
    between = signs.any(coin_words.BETWEEN)
    lexicon.rule([*NUMBERS, *WORDS], f"{between}{{0,2}}{signs.any(coin_words.COUNTED)}", count)
    number = f"(?:{a_number(signs)}|{TIMES}|{signs.any(BRACKETED)})"
    lexicon.rule("roll rolls bag lot tube tubes group", f"{signs.any('of')}?{number}", count)


def _add_grades(lexicon: Lexicon) -> None:
    signs = lexicon.signs
    doubt, dash = signs.any(coin_words.DOUBTS), f"{signs.any('/')}?"
    details = signs.any("details detail")
    lexicon.rule(coin_words.GRADERS, f"{doubt}?", _grader)
    qualified = f"{signs.any(coin_words.QUALIFIERS)}{{0,3}}"
    lexicon.rule(coin_words.LETTERS, f"{dash}{signs.any(POINTS)}{qualified}", _sheldon)
    lexicon.rule("au xf ef vf vg f g unc ag fine good bu proof", f"{dash}{details}", _details)
    lexicon.rule("genuine details", f"(?={dash}{signs.any(coin_words.GRADERS)})", _details)


def _negation(words: Sequence[str]) -> Meaning | None:
    return Meaning("negation", " ".join(words))


def _grader(words: Sequence[str]) -> Meaning | None:
    """Read a grader's name; "PCGS ready" is none."""
    return NOTHING if len(words) > 1 else Meaning("slab", words[0], grader=words[0].upper())


def _sheldon(words: Sequence[str]) -> Meaning | None:
    """Read "MS 65", "PF 70 ultra cameo", "VF 20 details"."""
    points = next((word for word in words if word in POINTS), None)
    if points is None:
        return None
    grade = coin_words.LETTERS_OF[words[0]] + points + ("+" if "+" in words else "")
    rest = [word for word in words[1:] if word not in {"/", "+", points}]
    if {"details", "detail"} & set(rest):
        return Meaning("sheldon", " ".join(words), grade=f"{grade} Details", qualifier="details")
    return Meaning("sheldon", " ".join(words), grade=grade, qualifier=" ".join(rest).upper() or None)


def _details(words: Sequence[str]) -> Meaning | None:
    """Read "XF details", "genuine details"."""
    letters = coin_words.LETTERS_OF.get(words[0])
    grade = f"{letters} Details" if letters else "Details"
    return Meaning("problem", " ".join(words), grade=grade, qualifier="details")

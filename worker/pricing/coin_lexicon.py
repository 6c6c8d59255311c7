"""The lexicon of coin titles."""

from collections.abc import Sequence
from functools import lru_cache

from worker.pricing import coin_words
from worker.pricing.lexicon import Lexicon, Meaning
from worker.pricing.quantities import BRACKETED, NUMBERS, WORDS, add_quantities
from worker.pricing.signs import LARGE, TIMES, Signs
from worker.pricing.slabs import RAW

COUNTED = "coins cents pennies nickels dimes quarters halves dollars rolls eagles rounds"
SHELDON = [str(points) for points in range(1, 71)]


@lru_cache(maxsize=1)
def coin_lexicon() -> Lexicon:
    """Make it, at the first call."""
    lexicon = Lexicon(Signs())
    signs = lexicon.signs
    lexicon.phrases("raw", RAW)
    lexicon.phrases("problem", coin_words.PROBLEMS)
    weak = coin_words.WEAK.split()
    for sort, listed in coin_words.FAKES.items():
        for phrase in map(str.strip, listed.split("|")):
            lexicon.phrases("weak_junk" if phrase in weak else "junk", phrase, sort)
    _add_counts(lexicon)
    lexicon.phrases("nothing", coin_words.HARMLESS)
    doubt = signs.any("? ready candidate worthy potential quality contender submission")
    lexicon.rule(coin_words.GRADERS, f"{doubt}?", _grader)
    qualifier = signs.any(
        "+ / rd rb bn dcam cam dpl pl uc fs fbl fb fh ultra cameo deep details detail star first red brown"
    )
    points = signs.any(SHELDON)
    lexicon.rule(coin_words.LETTERS, f"{signs.any('/')}?{points}{qualifier}{{0,3}}", _sheldon)
    lexicon.rule(
        "au xf ef vf vg f g unc ag fine good bu proof",
        f"{signs.any('/')}?{signs.any('details detail')}",
        _details,
    )
    lexicon.rule("genuine details", f"(?={signs.any('/')}?{signs.any(coin_words.GRADERS)})", _details)
    lexicon.rule(
        "not no never non",
        f"{signs.any('a an')}?(?={signs.any('cleaned replica copy damaged pcgs ngc anacs icg polished details holed')})",
        lambda words: Meaning("negation", " ".join(words)),
    )
    return lexicon.ready()


def _add_counts(lexicon: Lexicon) -> None:
    signs = lexicon.signs
    number = f"[{LARGE}]|{signs.any(NUMBERS)}"
    add_quantities(lexicon)
    lexicon.rule(
        [*NUMBERS, *WORDS],
        f"{signs.any('different mixed wheat morgan silver lincoln mercury barber buffalo old us')}{{0,2}}{signs.any(COUNTED)}",
        _count,
    )
    lexicon.rule(
        "roll rolls bag lot tube tubes group",
        f"{signs.any('of')}?(?:{number}|[{TIMES}]|{signs.any(BRACKETED)})",
        _count,
    )


def _count(words: Sequence[str]) -> Meaning | None:
    counts = [int(word.strip("()")) for word in words if word.strip("()").isdigit()]
    counts += [WORDS[word] for word in words if word in WORDS]
    return Meaning("junk", " ".join(words), "several", how_many=counts[0] if counts else None)


def _grader(words: Sequence[str]) -> Meaning | None:
    if len(words) > 1:
        return Meaning("nothing")
    return Meaning("slab", words[0], grader=words[0].upper())


def _sheldon(words: Sequence[str]) -> Meaning | None:
    points = next((word for word in words if word in SHELDON), None)
    if points is None:
        return None
    grade = coin_words.WORDS_FOR_LETTERS[words[0]] + points + ("+" if "+" in words else "")
    rest = [word for word in words[1:] if word not in {"/", "+", points}]
    if {"details", "detail"} & set(rest):
        return Meaning("sheldon", " ".join(words), grade=f"{grade} Details", qualifier="details")
    return Meaning("sheldon", " ".join(words), grade=grade, qualifier=" ".join(rest).upper() or None)


def _details(words: Sequence[str]) -> Meaning | None:
    letters = coin_words.WORDS_FOR_LETTERS.get(words[0])
    grade = f"{letters} Details" if letters else "Details"
    return Meaning("problem", " ".join(words), grade=grade, qualifier="details")

"""Whether a listing's coin is one of another's like: the same coin, in the same market of grades."""

from typing import Literal, NamedTuple

from worker.pricing.coin_grades import CoinGrade, band
from worker.pricing.coin_query import Coin
from worker.pricing.coins import CoinReading, Fault, read_coin_title

Unlike = Literal["junk", "not_a_single", "graded", "other_variant", "other_card", "no_condition"]
"""Those of the closed list of reasons that a title can give."""
REASONS: dict[Fault, Unlike] = {
    "fake": "junk",
    "goods": "junk",
    "problem": "junk",
    "several": "not_a_single",
    "choice": "not_a_single",
}
IN_WORDS: dict[Fault, str] = {
    "fake": "no genuine coin",
    "goods": "no coin, or not only one",
    "problem": "a coin with a fault",
    "several": "several coins",
    "choice": "a choice of coins",
}


class Judged(NamedTuple):
    """Why a listing is no comp, or None; ``why`` names the words that said so."""

    left_out: Unlike | None
    why: str


ALIKE = Judged(None, "")


def judge_coin(coin: Coin, title: str | None) -> Judged:
    """Say whether a listing of this title is about the like of ``coin``."""
    if not title or not title.strip():
        return Judged("other_card", "it has no title")
    read = read_coin_title(title)
    checks = (_faults(coin, read), _identity(coin, read), _market(coin, read.grade), _varieties(coin, read))
    return next((one for one in checks if one is not None), ALIKE)


def _faults(coin: Coin, read: CoinReading) -> Judged | None:
    own = {word.lower() for word in coin.words}
    for words, fault in read.faults:
        if set(words.split()) <= own or (fault == "problem" and _is_problem(coin.grade, read.grade)):
            continue
        return Judged(REASONS[fault], f'"{words}": {IN_WORDS[fault]}')
    return None


def _is_problem(own: CoinGrade, other: CoinGrade) -> bool:
    """Tell whether a fault is a matter of the market: of a problem coin, or in a slab that says it."""
    return own.details or bool(other.graders and other.details)


def _identity(coin: Coin, read: CoinReading) -> Judged | None:
    return _year(coin, read) or _mark(coin, read) or _denomination(coin, read) or _series(coin, read)


def _year(coin: Coin, read: CoinReading) -> Judged | None:
    if coin.year not in read.years:
        return Judged("other_card", f"{_listed(read.years, 'no year')} instead of {coin.year}")
    if len(read.years) > 1:
        return Judged("not_a_single", f"several years: {_listed(read.years, '')}")
    return None


def _mark(coin: Coin, read: CoinReading) -> Judged | None:
    if len(read.marks) > 1:
        return Judged("not_a_single", f"several mint marks: {_listed(read.marks, '')}")
    marks = read.marks or {"P"}
    if coin.mark is None or coin.mark in marks:
        return None
    named = "no mint mark" if coin.mark == "P" else f"mint mark {coin.mark}"
    return Judged("other_card", f"mint mark {_listed(read.marks, 'not said')} instead of {named}")


def _denomination(coin: Coin, read: CoinReading) -> Judged | None:
    if coin.denomination is None or read.denominations == {coin.denomination}:
        return None
    if coin.denomination in read.denominations:
        return Judged("not_a_single", f"several denominations: {_listed(read.denominations, '')}")
    if coin.country is not None and not read.denominations:
        return None
    return Judged(
        "other_card", f"{_listed(read.denominations, 'no denomination')} instead of {coin.denomination}"
    )


def _series(coin: Coin, read: CoinReading) -> Judged | None:
    if not coin.series or coin.series & read.series:
        return None
    return Judged("other_card", f"{_listed(read.series, 'no series')} instead of {_listed(coin.series, '')}")


def _market(coin: Coin, other: CoinGrade) -> Judged | None:
    """A slab is no comp of a raw coin, nor another grader's, another grade's or one with details."""
    return _slabs(coin.grade, other) or _grades(coin.grade, other)


def _slabs(own: CoinGrade, other: CoinGrade) -> Judged | None:
    if len(other.graders) > 1:
        return Judged("graded", f"several graders: {_listed(other.graders, '')}")
    if own.graders != other.graders:
        return Judged("graded", f"{_slab(other)} instead of {_slab(own)}")
    if own.details != other.details:
        return Judged("graded", "a grade with details" if other.details else "a grade without details")
    return None


def _grades(own: CoinGrade, other: CoinGrade) -> Judged | None:
    """In a slab the grade is the number; a raw coin's is its letters, since whoever sells it wrote them."""
    if own.grade is None:
        return _strike(own, other)
    if other.grade is None:
        return Judged("no_condition", f"its grade is not said, and {own.grade} is looked for")
    if own.graders and own.grade not in {other.grade, band(other.grade)}:
        return Judged("graded", f"{other.grade} instead of {own.grade}")
    if band(own.grade) != band(other.grade):
        return Judged("other_variant", f"{other.grade} instead of {own.grade}")
    return None


def _strike(own: CoinGrade, other: CoinGrade) -> Judged | None:
    return Judged("other_variant", "a proof") if other.is_proof and not own.is_proof else None


def _slab(grade: CoinGrade) -> str:
    if not grade.graders:
        return "a raw coin"
    return " ".join((*sorted(grade.graders), grade.grade or "", "details" if grade.details else "")).strip()


def _varieties(coin: Coin, read: CoinReading) -> Judged | None:
    own, other = coin.varieties, read.varieties
    if own != other:
        return Judged("other_variant", f"{_listed(other, 'no variety')} instead of {_listed(own, 'none')}")
    wanted, found = coin.grade.designations, read.grade.designations
    if wanted != found:
        return Judged(
            "other_variant", f"{_listed(found, 'no designation')} instead of {_listed(wanted, 'none')}"
        )
    return None


def _listed(what: frozenset[str] | frozenset[int], nothing: str) -> str:
    return ", ".join(str(one) for one in sorted(what)) or nothing

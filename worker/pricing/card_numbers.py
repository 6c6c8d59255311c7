"""A card's collector number in a title's words, as it is written there."""

import re
from collections.abc import Sequence

from worker.pricing.signs import CODE, LARGE, NUMBER_SIGN, PADDED, PAIR, RATING, Signs, kind_of
from worker.pricing.spelling import MOST_REMEMBERED, spell, spell_token, tokens_of

SPACED_PREFIXES = "swsh svp sm xy bw hgss dp tg gg rc mep"
SMALLEST_TOTAL = 15
"""Of two pairs in one title, what is "out of" less than this is a rating or a serial number."""
FRACTION = 20
"""A total up to which a pair may be a part of something: "1/4 oz"."""
_PLAIN = re.compile(r"(?<![\w/.-])\d{1,3}/\d{1,3}(?![\w/.-])")
_PIECES = re.compile(r"([A-Z]*)-?0*(\d*)([A-Z]*)")


class _Pairs(dict[str, str]):
    """What was between two blanks, and the number with its total in it, if there is one."""

    def __missing__(self, token: str) -> str:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        words = spell_token(token)
        self[token] = pair = next((word for word in words if kind_of(word) == PAIR), "")
        return pair


_PAIRS = _Pairs()


def number_in(title: str, text: str, spaced: re.Pattern[str]) -> str | None:
    """The number that a title, whose signs are ``text``, gives in the surest way.

    A bare "4" is none: it may be anything.
    """
    pairs = text.count(PAIR)
    if pairs == 1:
        plain = _PLAIN.search(title)  # Nearly always it stands there as it is.
        if plain is not None and (number := _PAIRS[plain[0]]):
            return number
        return next(filter(None, map(_PAIRS.__getitem__, tokens_of(title))))
    words = spell(title)
    if pairs:
        return _best_pair(words)
    for kind in (NUMBER_SIGN, CODE):
        at = text.find(kind)
        if at >= 0:
            return words[at].lstrip("#")
    if (apart := spaced.search(text)) is not None:
        return _joined(words[apart.start() : apart.end()])
    at = max(text.find(PADDED), text.find(RATING))
    return words[at] if at >= 0 and "-" not in words[at] else None


def pairs_in(words: Sequence[str]) -> int:
    """How many different cards are named by a number and a total."""
    return len({word for word in words if _is_pair(word) and total_of(word) >= SMALLEST_TOTAL})


def is_another(number: str, wanted: str) -> bool:
    """Tell whether a number is not the wanted one; a total is compared where both have one."""
    own, of, wanted_own, wanted_of = (_plain(part) for one in (number, wanted) for part in _parted(one))
    return own != wanted_own or bool(of and wanted_of and of != wanted_of)


def _parted(number: str) -> tuple[str, str]:
    own, _, total = number.upper().lstrip("#").partition("/")
    return own.strip(), total.strip()


def _plain(part: str) -> str:
    if (pieces := _PIECES.fullmatch(part)) is None:
        return part
    return f"{pieces[1]}{pieces[2]}{pieces[3]}"


def _is_pair(word: str) -> bool:
    return len(word) > 1 and "/" in word


def total_of(word: str) -> int:
    """The number behind the slash."""
    digits = "".join(letter for letter in word.rpartition("/")[2] if letter.isdigit())
    return int(digits) if digits else SMALLEST_TOTAL


def _best_pair(words: Sequence[str]) -> str:
    pairs = [word for word in words if _is_pair(word)]
    return next((word for word in pairs if total_of(word) >= SMALLEST_TOTAL), pairs[0])


def spaced_numbers(signs: Signs) -> re.Pattern[str]:
    """What finds a number that is written with blanks: "4 / 102", "# 4", "SWSH 020"."""
    number = f"(?:[{PADDED}{LARGE}]|{signs.any([*map(str, range(1, 400))])})"
    return re.compile(
        f"{number}{signs.any('/ of')}{number}"
        f"|{signs.any('# no nr num number')}{signs.any('#')}?{number}(?!{signs.any('/')})"
        f"|{signs.any(SPACED_PREFIXES)}{number}(?!{signs.any('/')})|{number}(?={signs.any('svp')})"
    )


def _joined(words: Sequence[str]) -> str:
    if len(words) == 1:
        return words[0]
    if words[0][0].isdigit():
        return f"{words[0]}/{words[2]}"
    return words[-1] if words[0] in {"#", "no", "nr", "num", "number"} else f"{words[0].upper()}{words[-1]}"

"""Words as single signs, so that what a title says is found by one regular expression over a short text.

A title of twelve words becomes a text of twelve characters. A word that plays a part has a sign of its own,
all others share one; kinds of words without number (collector numbers, years) have one for each kind.
"""

import re
from collections.abc import Callable, Iterable, Sequence

FIRST_SIGN = 0xE000
"""Where Unicode keeps characters for private use; there are 6,400 of them."""
PLAIN, PAIR, RATING, NUMBER_SIGN, CODE, TIMES, YEAR, COINED, PADDED, LARGE = ".PRSCQYMZN"
KINDS = frozenset({COINED, PAIR, RATING, NUMBER_SIGN, CODE, TIMES, YEAR, PADDED, LARGE})
"""Signs of kinds: no part to play; 4/102; 9/10; #4; SWSH020; x4; 1999; 1921-S; 025; a larger number."""
LARGEST_NUMBER = 400
BOUGHS = 7
"""How many ways there are at each fork of an expression; measured: five to ten are equally fast."""

_SHAPES = (
    (RATING, re.compile(r"(?:10|[1-9])[/-](?:10|[2-9])")),
    (PAIR, re.compile(r".+/.+")),
    (NUMBER_SIGN, re.compile(r"#.+")),
    (TIMES, re.compile(r"x\d+")),
    (YEAR, re.compile(r"(?:1[6-9]|20)\d\d")),
    (COINED, re.compile(r"\d{4}-?(?:cc|[pdsow])")),
    (PADDED, re.compile(r"0\d\d")),
    (LARGE, re.compile(r"\d+")),
    (CODE, re.compile(r"[A-Z].*\d.*")),
)


class Signs(dict[str, str]):
    """The sign of every word; a word that is asked for first gets that of its kind."""

    def __init__(self) -> None:
        super().__init__()
        self._words: dict[str, str] = {}
        for number in range(1, LARGEST_NUMBER + 1):
            self.of(str(number))

    def __missing__(self, word: str) -> str:
        if len(self) > 100_000:  # noqa: PLR2004 - as many as there may be words remembered.
            return kind_of(word)
        self[word] = sign = kind_of(word)
        return sign

    def of(self, word: str) -> str:
        """The word's own sign, made when it has none."""
        if word not in self or self[word] not in self._words:
            self[word] = sign = chr(FIRST_SIGN + len(self._words))
            self._words[sign] = word
        return self[word]

    def any(self, words: Iterable[str]) -> str:
        """A pattern for one of these words, given as a list or with blanks between them."""
        listed = words.split() if isinstance(words, str) else words
        return "[" + "".join(sorted({self.of(word) for word in listed})) + "]"

    def spelt(self, text: str) -> list[str]:
        """The words of a text of signs; for kinds of words their sign itself."""
        return [self._words.get(sign, sign) for sign in text]

    def text(self, words: Iterable[str]) -> str:
        """The text of signs of these words."""
        return "".join(map(self.__getitem__, words))


def kind_of(word: str) -> str:
    """The sign of a word's kind, for words that have none of their own."""
    if len(word) < 2 or word.isalpha():  # noqa: PLR2004 - a letter, or a sign by itself.
        return PLAIN
    return next((kind for kind, shape in _SHAPES if shape.fullmatch(word)), PLAIN)


class Expression:
    """Collects what to look for, by its first word, and makes one expression of it all.

    Of what begins with one word, that which was added first is tried first; phrases come after rules, the
    longest before the shorter.
    """

    def __init__(self, signs: Signs) -> None:
        self._signs = signs
        self._rules: dict[str, list[str]] = {}
        self._phrases: dict[str, list[str]] = {}

    def rule(self, heads: Iterable[str], tail: str) -> None:
        """Look for one of these words or kinds, followed by a pattern."""
        for head in heads:
            sign = head if head in KINDS else self._signs.of(head)
            self._rules.setdefault(sign, []).append(tail)

    def phrase(self, words: str) -> str:
        """Look for these words, one after the other; answers their text of signs."""
        text = "".join(map(self._signs.of, words.split()))
        self._phrases.setdefault(text[0], []).append(text[1:])
        return text

    def compiled(self) -> Callable[[str], list[str]]:
        """What answers the texts that are found in a title, from the left; none within another."""
        alike: dict[tuple[str, ...], str] = {}
        for head in dict.fromkeys([*self._rules, *self._phrases]):
            tails = self._tails(head)
            alike[tails] = alike.get(tails, "") + head
        branches = sorted(alike.items(), key=lambda branch: branch[0] != ("",))
        every = "".join(heads for _, heads in branches)
        return re.compile(f"[{every}]{_choice([(heads, tails) for tails, heads in branches])}").findall

    def _tails(self, head: str) -> tuple[str, ...]:
        phrases = sorted(dict.fromkeys(self._phrases.get(head, [])), key=len, reverse=True)
        return tuple(dict.fromkeys(self._rules.get(head, []))) + tuple(phrases)


def _choice(branches: Sequence[tuple[str, Sequence[str]]]) -> str:
    """A pattern that goes on behind a first sign in the branch which has it.

    The engine tries branches one by one, so a thousand of them are arranged as a tree: a look back at the
    first sign rules out a whole bough.
    """
    if len(branches) == 1:
        [(_, tails)] = branches
        return "" if tails == ("",) else f"(?:{'|'.join(tails)})"
    width = -(-len(branches) // BOUGHS)
    boughs = [branches[at : at + width] for at in range(0, len(branches), width)]
    looks = (f"(?<=[{''.join(heads for heads, _ in bough)}]){_choice(bough)}" for bough in boughs)
    return f"(?:{'|'.join(looks)})"

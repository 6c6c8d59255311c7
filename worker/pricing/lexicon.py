"""What the words of a title mean: phrases that are listed, and rules for what cannot be listed.

A lexicon finds the meanings in a title's text of signs (see ``signs``). What was found once is remembered
with its meaning, so that a title costs one search and a look-up for each finding.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from worker.pricing.signs import Expression, Signs
from worker.pricing.spelling import MOST_REMEMBERED, spell_token

Kind = Literal[
    "nothing",
    "negation",
    "condition",
    "slab",
    "grade",
    "graded",
    "raw",
    "language",
    "language_code",
    "variant",
    "foreign_edition",
    "junk",
    "weak_junk",
    "with_pokemon",
    "risk",
    "pokemon",
    "coin",
    "problem",
    "sheldon",
]


class Meaning(NamedTuple):
    """What a few words of a title mean.

    ``value`` is what of its kind is said: a condition, a feature, a language, a sort of junk. ``grader``,
    ``grade`` and ``qualifier`` are those of a slab; ``how_many`` says of how many a listing is; ``said``
    are the words themselves.
    """

    kind: Kind
    said: str = ""
    value: str = ""
    grader: str | None = None
    grade: str | None = None
    qualifier: str | None = None
    how_many: int | None = None


NOTHING = Meaning("nothing")
Findings: TypeAlias = dict[Kind, list[Meaning]]
Reader: TypeAlias = Callable[[Sequence[str]], Meaning | None]
"""Reads the words that a rule has found; None when they are another rule's."""


class _Texts(dict[str, str]):
    """What was between two blanks, and its signs; those that are asked for first are looked up then."""

    def __init__(self, signs: Signs) -> None:
        super().__init__()
        self._signs = signs

    def __missing__(self, token: str) -> str:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[token] = text = self._signs.text(spell_token(token))
        return text


class Lexicon(dict[str, Meaning]):
    """Texts of signs and their meanings, and how they are found."""

    def __init__(self, signs: Signs) -> None:
        super().__init__()
        self.signs = signs
        self._expression = Expression(signs)
        self._readers: dict[str, list[Reader]] = {}
        self._phrases: dict[str, Meaning] = {}
        self._texts = _Texts(signs)
        self.find: Callable[[str], list[str]] = list

    def phrases(self, kind: Kind, listed: str, value: str = "", how_many: int | None = None) -> None:
        """Add phrases with bars between them; of one that is added twice the last meaning counts."""
        for phrase in filter(None, map(str.strip, listed.split("|"))):
            said = " ".join(phrase.split())
            text = self._expression.phrase(said)
            self._phrases[text] = Meaning(kind, said, value, how_many=how_many)

    def rule(self, heads: Iterable[str] | str, tail: str, reader: Reader) -> None:
        """Add a rule: one of these words or kinds of words, a pattern of signs after it, and who reads it."""
        listed = heads.split() if isinstance(heads, str) else list(heads)
        self._expression.rule(listed, tail)
        for head in listed:
            readers = self._readers.setdefault(head, [])
            if reader not in readers:
                readers.append(reader)

    def ready(self) -> "Lexicon":
        """Make the one expression of all that was added."""
        self.find = self._expression.compiled()
        return self

    def text(self, tokens: Iterable[str]) -> str:
        """A title's text of signs, from what stands between its blanks."""
        return "".join(map(self._texts.__getitem__, tokens))

    def said(self, found: Iterable[str]) -> Findings:
        """What all these texts of signs say, by its kind; what is denied is not said."""
        said: Findings = {}
        denied = False
        for meaning in map(self.__getitem__, found):
            kind = meaning[0]
            if denied:
                denied = kind == "negation"
                if (instead := _denied(meaning)) is not None:
                    said.setdefault(instead.kind, []).append(instead)
            elif kind == "negation":
                denied = True
            elif kind in said:
                said[kind].append(meaning)
            elif kind != "nothing":
                said[kind] = [meaning]
        return said

    def __missing__(self, text: str) -> Meaning:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[text] = meaning = self._phrases.get(text) or self._read(self.signs.spelt(text))
        return meaning

    def _read(self, words: Sequence[str]) -> Meaning:
        for reader in self._readers.get(words[0], ()):
            if (meaning := reader(words)) is not None:
                return meaning
        return NOTHING


def _denied(meaning: Meaning) -> Meaning | None:
    """What is said by denying it: "non-holo"; and of "not PSA 10, NM" the end."""
    if meaning.kind == "variant" and meaning.value == "holo":
        return meaning._replace(value="no_holo")
    if meaning.kind == "slab" and meaning.value:
        return Meaning("condition", meaning.said, meaning.value)
    return None

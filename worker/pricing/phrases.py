"""Phrases of one or more words, found in a list of words."""

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Found(NamedTuple, Generic[T]):
    """A phrase that stands at ``words[start:end]``, and what it means."""

    start: int
    end: int
    meaning: T

    def covers(self, place: int) -> bool:
        """Tell whether the word at this place belongs to the phrase."""
        return self.start <= place < self.end


class Phrases(Generic[T]):
    """Many phrases, each with its meaning; where several begin at one word, the longest is found.

    A phrase is written as its words, lower case, with single blanks between them.
    """

    def __init__(self, known: Iterable[tuple[str, T]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for phrase, meaning in known:
            words = tuple(phrase.split())
            self._by_first.setdefault(words[0], []).append((words, meaning))
        for phrases in self._by_first.values():
            phrases.sort(key=lambda one: -len(one[0]))

    def find(self, words: Sequence[str]) -> list[Found[T]]:
        """Every phrase in these words, from the left; none begins within another."""
        by_first, found, free = self._by_first, list[Found[T]](), 0
        for place, word in enumerate(words):
            if place >= free and word in by_first and (one := self._at(words, place)) is not None:
                found.append(one)
                free = one.end
        return found

    def _at(self, words: Sequence[str], place: int) -> Found[T] | None:
        for phrase, meaning in self._by_first[words[place]]:
            end = place + len(phrase)
            if tuple(words[place:end]) == phrase:
                return Found(place, end, meaning)
        return None

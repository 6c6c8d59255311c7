"""The part of the Pokémon TCG API's query language that the sandbox understands.

Terms side by side, all of which must hold: ``name:char*``, ``set.id:base1``, ``name:"dark charizard"``,
``!name:charizard`` (the whole value), ``-types:water`` (not), ``hp:[150 TO *]`` (inclusive). Words are
compared without case. The real one also knows OR and parentheses; here they are malformed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

TERM = re.compile(
    r"""\s*(?P<sign>[-!]?)(?P<path>[A-Za-z][\w.]*):
    (?P<value>"[^"]*"|\[\S+\ TO\ \S+\]|[^\s"\[\](){}:]+)(?=\s|$)""",
    re.VERBOSE,
)


class BadQuery(ValueError):
    """Raised when a query is malformed."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: ``sign`` is "", "-" or "!"; ``path`` names a field, dots lead into objects."""

    sign: str
    path: str
    value: str

    def holds(self, record: Mapping[str, object]) -> bool:
        """Tell whether the record meets the condition; a list meets it if one of its members does."""
        found = any(_matches(self, value) for value in values_at(record, self.path))
        return found != (self.sign == "-")


def parse(query: str) -> tuple[Term, ...]:
    """Read a query; ``BadQuery`` when it is malformed, no terms when it is blank."""
    terms: list[Term] = []
    at = 0
    while query[at:].strip():
        if (match := TERM.match(query, at)) is None:
            raise BadQuery(query)
        terms.append(Term(match["sign"], match["path"], match["value"]))
        at = match.end()
    return tuple(terms)


def values_at(record: object, path: str) -> Iterator[object]:
    """Yield what stands at a dotted path, members of lists one by one."""
    if isinstance(record, list):
        for member in record:
            yield from values_at(member, path)
    elif not path:
        yield record
    elif isinstance(record, Mapping):
        name, _, rest = path.partition(".")
        if name in record:
            yield from values_at(record[name], rest)


def _matches(term: Term, value: object) -> bool:
    if term.value.startswith("["):
        return _within(term.value, value)
    wanted, actual = term.value.strip('"').casefold(), str(value).casefold()
    if "*" in wanted:
        return any(fnmatchcase(each, wanted) for each in [actual, *_words(term, actual)])
    if term.value.startswith('"') and term.sign != "!":
        return f" {wanted} " in f" {actual} "
    return wanted == actual or wanted in _words(term, actual)


def _words(term: Term, actual: str) -> list[str]:
    return [] if term.sign == "!" else actual.split()


def _within(span: str, value: object) -> bool:
    low, high = span[1:-1].split(" TO ")
    try:
        number = float(str(value))
        return (low == "*" or float(low) <= number) and (high == "*" or number <= float(high))
    except ValueError:
        return False

"""Payloads that somebody may send who means ill, or whose program is broken, and what becomes of each."""

from collections.abc import Iterator
from dataclasses import dataclass

KEPT = "kept"
LIMIT = 262_144


@dataclass(frozen=True, slots=True)
class Hostile:
    """A payload as JSON text; by which door it is ``KEPT``, or refused: a SQLSTATE, words of a sentence.

    ``sql`` is None for what no statement can carry, as a text of Postgres cannot.
    """

    name: str
    text: str
    sql: str | None
    cli: str


def _value(name: str, value: str, sql: str | None = KEPT, cli: str = KEPT) -> Hostile:
    return Hostile(name, f'{{"v": {value}}}', sql, cli)


def _nested(depth: int) -> str:
    """Lists in a list in the payload's own object, ``depth`` of all of them."""
    return "[" * (depth - 1) + "]" * (depth - 1)


def corpus() -> list[Hostile]:
    """All of them, the large ones made anew."""
    return [*_texts(), *_keys(), *_numbers(), *_shapes(), *_no_json()]


def _texts() -> Iterator[Hostile]:
    for name, text in {
        "right to left": "\u202egnp.exe\u2066x\u2069",
        "zero width": "a\u200b\u200c\u200d\u2060\ufeffb",
        "family of one glyph": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "stacked accents": "Z" + "\u0351\u036b\u0343" * 40,
        "noncharacters": "\uffff\ufdd0\U0010ffff",
        "private use": "\ue000",
        "line separators": "a\u2028b\u2029c\u0085d",
        "an escaped pair": r"\ud83d\ude00",
        "what looks like NUL": r"\\u0000",
        "what looks like half a pair": r"\\ud800",
        "control characters": r"\u0001\u001f\u007f\u0080",
        "terminal colours": r"\u001b[31mred\u001b]0;title\u0007",
        "line ends": r"a\r\nb\nc\rd",
        "SQL": "'; drop table worker.jobs; --",
        "dollar quotes": "$$ $x$ $1",
        "formats": "%s %(x)s {0} ${x} %n",
        "a page": "<script>alert(1)</script>",
        "the word NaN": "NaN",
        "the largest that fits": "x" * (LIMIT - len('{"v": ""}')),
    }.items():
        yield _value(name, f'"{text}"')
    no_text, too_large = "holds NUL or half", "bytes; at most 262144 fit"
    yield _value("NUL", r'"a\u0000b"', "22P05", no_text)
    yield _value("only NUL", r'"\u0000"', "22P05", no_text)
    yield _value("half a pair", r'"\ud83d"', "22P02", no_text)
    yield _value("the other half", r'"\ude00"', "22P02", no_text)
    yield _value("a pair the wrong way", r'"\ude00\ud83d"', "22P02", no_text)
    yield _value("half a pair, unescaped", '"\ud83d"', None, no_text)
    yield _value("NUL, unescaped", '"a\0b"', None, "not JSON at line 1")
    yield _value("one byte too large", f'"{"x" * (LIMIT - 8)}"', "MM002", too_large)
    yield _value("257 KiB", f'"{"x" * (257 * 1024)}"', "MM002", too_large)
    yield _value("257 KiB of wide characters", f'"{chr(0x1F600) * (257 * 256)}"', "MM002", too_large)


def _keys() -> Iterator[Hostile]:
    twice = "says the key"
    yield Hostile("an empty key", '{"": 1}', KEPT, KEPT)
    yield Hostile("keys of other worlds", '{"__proto__": {}, "$ref": "x", "a.b": 1, "\'": 2}', KEPT, KEPT)
    yield Hostile("one letter written in two ways", '{"\u00e9": 1, "e\u0301": 2}', KEPT, KEPT)
    yield Hostile("a key of 100 KB", f'{{"{"k" * 100_000}": 1}}', KEPT, KEPT)
    yield Hostile("NUL in a key", r'{"a\u0000": 1}', "22P05", "holds NUL or half")
    # What a statement carries is jsonb already, in which the last of them has won.
    yield Hostile("a key twice", '{"a": 1, "a": 2}', KEPT, twice)
    yield Hostile("a key twice, one escaped", r'{"a": 1, "\u0061": 2}', KEPT, twice)
    yield Hostile("a key twice, inside", '{"v": [{"a": {"b": 1, "b": 1}}]}', KEPT, twice)


def _numbers() -> Iterator[Hostile]:
    for number in ("2**63 - 1", "2**63", "-(2**63) - 1", "2**64", "2**70", "10**300"):
        yield _value(number, str(eval(number)))  # The name says it best.
    yield _value("a fraction of 40 digits", "0.1234567890123456789012345678901234567890")
    yield _value("minus zero", "[-0, -0.0, 1.0, 1e0, 1E+2]")
    yield _value("a very small number", "1e-400")
    huge, none = "too large to hold", "is not a JSON number"
    yield _value("larger than any float", "1e400", KEPT, huge)
    yield _value("a whole number of 5000 digits", "1" * 5000, KEPT, huge)
    yield _value("1e200000", "1e200000", "22003", huge)
    yield _value("few bytes, much text", f"[{', '.join(['1e99999'] * 3)}]", "MM002", huge)
    yield _value("NaN", "NaN", "22P02", none)
    yield _value("Infinity", "Infinity", "22P02", none)
    yield _value("minus Infinity", "[-Infinity]", "22P02", none)


def _shapes() -> Iterator[Hostile]:
    deep = "nested more than 64 deep"
    objects = '{"v":' * 65 + "1" + "}" * 65
    yield _value("64 deep", _nested(64))
    yield _value("many beside each other", f"[{', '.join(['[[]]'] * 10_000)}]")
    yield _value("65 deep", _nested(65), "MM002", deep)
    yield Hostile("65 objects deep", objects, "MM002", deep)
    yield _value("65 deep behind much else", f"[{'0, ' * 1000}{_nested(64)}]", "MM002", deep)
    yield _value("5000 deep", _nested(5000), "MM002", deep)
    yield _value("100,000 deep", _nested(100_000), "54001", deep)
    for text in ("[]", '"text"', "7", "null", "true"):
        yield Hostile(f"not an object: {text}", text, "MM002", "must be a JSON object")


def _no_json() -> Iterator[Hostile]:
    for text in (
        "",
        "{",
        '{"a":1,}',
        "{'a': 1}",
        '{"a": 1} x',
        '{"a": 01}',
        '{"a": .5}',
        '{"a": "\n"}',
        "<p>",
    ):
        yield Hostile(f"no JSON: {text!r}", text, "22P02", "not JSON at line")
    yield Hostile("a byte order mark", '\ufeff{"a": 1}', "22P02", KEPT)

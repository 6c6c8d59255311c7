"""A title's words as the listing reader spells them: one spelling for each thing, and every word only once.

What stands between two blanks is taken apart once and remembered, so that reading a title costs a look-up a
word. Titles are endless and their words are few: a million listings use some ten thousand.
"""

import re
from collections.abc import Callable
from itertools import chain

from worker.pricing.folding import fold
from worker.pricing.misspelling import meant_by
from worker.pricing.not_numbers import GRADERS

LONGEST_TITLE = 500
"""eBay's own are 80 characters at most; of anything longer the rest is not read."""
MOST_REMEMBERED = 100_000
ELSE = "~"
"""Stands for figures that mean nothing here: sub-grades, dates, money, percentages."""
CASED = frozenset("DE FR IT ES PT NL ESP EX SP OC MC MK ST PD".split())  # noqa: SIM905
"""Words that mean something else in capitals."""
SHORT_CONDITIONS = (
    "nm|nmm|mint|mt|m|exmt|exc|ex|vgex|vg|gd|good|g|lp|sp|mp|pl|hp|poor|po|pr|fair|fr|dmg|dm|damaged|played"
)
PREFIXES = "swsh|svp|sv|smp|sm|xyp|xy|bwp|bw|dpp|dp|hgss|tg|gg|rc|mep|pop|sl|sh|ar|rt|h"
"""Of collector numbers: they are part of the number where they are joined to it."""
COIN_GRADES = "ms|pf|pr|au|xf|ef|vf|vg|ag|sp|po|fr|f|g"
TEN = frozenset(map(str, range(1, 11)))
INITIALS = frozenset({"psa", "bgs", "cgc", "sgc"})
"""Graders that are also written with points: "P.S.A."."""
COIN_GRADERS = "pcgs|ngc|anacs|icg|segs|cacg"

_JOINED_CONDITIONS = re.compile(
    rf"\b({SHORT_CONDITIONS})(?:\+|-)?\s*[-/](?=(?:{SHORT_CONDITIONS}|near)\b)", re.IGNORECASE
)
_PARTS = re.compile(
    rf"""
    (?P<range>(?<![\d./])(?:[1-9]|10)-(?:[2-9]|10)(?![\d./-]))
  | (?P<scored>(?<![\d./])(?:[1-9]\.5)/10(?![\d./]))
  | (?P<else>\d+x\d+ | (?<!\d)(?:\d\d)?\d0s(?![a-z])
        | \d+(?:\.\d+)?(?:/\d+(?:\.\d+)?){{2,}} | \d+\.\d+/\d+(?:\.\d+)? | \d+/\d+\.\d+
        | [$\u00a3\u20ac\u00a5]\d[\d.,]* | \d[\d.,]*[$\u00a3\u20ac\u00a5%])
  | (?P<pair>\#?(?:no?[.:]?|nr[.:]?)?
        (?P<own>[a-z]{{0,4}}-?\d{{1,3}}[a-d]?)/(?P<total>[a-z]{{0,4}}-?\d{{1,3}}(?!\d)
        |(?:sv|sm|s|xy|bw|dpt?|l|m|adv|pcg)-?p(?![a-z])|play(?![a-z])))
  | (?P<letter>(?<![\w/])(?![w])[a-z]/\d\d\d?(?![\d/]))
  | (?P<coined>(?:1[6-9]|20)\d\d-?(?:cc|[pdsow])(?![a-z0-9]))
  | (?P<graded>(?:{GRADERS}|{COIN_GRADERS})[-:.\#]?(?=\d))
  | (?P<code>(?!(?:{COIN_GRADES})-)[a-z]{{2,4}}\d{{0,2}}-(?:en|de|fr|jp|e)?\d{{3}}(?![\d]))
  | (?P<sheldon>(?<![a-z])(?P<letters>{COIN_GRADES})-?(?P<points>[1-9]\d?)(?P<plus>\+?)(?![\d/.]))
  | (?P<prefixed>(?<![a-z])(?!sv151|s[vm]?\d\d?[a-z](?![a-z0-9]))(?:{PREFIXES})\d{{1,3}}[a-d]?(?![a-z0-9]))
  | (?P<sign>\#\d{{1,3}}[a-d]?(?![\w/]|\.\d) | (?<![a-z])n[or]?[.\u00b0:]\#?\d{{1,3}}[a-d]?(?![\w/]))
  | (?P<times>(?<![a-z0-9.])(?:x\d{{1,3}}|\d{{1,3}}x)(?![a-z0-9]))
  | (?P<decimal>\d+\.\d+)
  | (?P<ordinal>\d+(?:st|nd|rd|th|ere|er|re|eme|a|o|e)(?![a-z]))
  | (?P<digits>\d+)
  | (?P<with>(?<![a-z])w/)
  | (?P<letters_only>[a-z]+(?:'[a-z]+)*)
  | (?P<mark>[?\#&\u2605] | / | :)
    """,
    re.VERBOSE | re.IGNORECASE,
)
LANGUAGES_IN_BRACKETS = "de|fr|it|es|pt|nl|ru|cz"
_BRACKETED = re.compile(
    rf"[(\[](?:(\d\d?)x?|x(\d\d?)|({SHORT_CONDITIONS})[+-]?|({LANGUAGES_IN_BRACKETS}))[)\]][.,;!]?",
    re.IGNORECASE,
)
_SIGNED_CONDITION = re.compile(r"(ex|vg|g|m|sp|gd)[+-][.,;!]?", re.IGNORECASE)
_SCRIPTS = (
    ("japanese", re.compile("[\u3040-\u30fa\u30fd-\u30ff]|\u65e5\u672c")),
    ("korean", re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")),
    ("russian", re.compile("[\u0400-\u04ff]")),
    ("thai", re.compile("[\u0e00-\u0e7f]")),
    ("han", re.compile("[\u3400-\u5f60\u5f62-\u9fff]")),  # Without the one that decorates: "\u2605\u5f61".
)
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_FLAGS = {"JP": "japanese", "KR": "korean", "CN": "chinese", "TW": "chinese", "DE": "german", "FR": "french"}
_FLAGS |= {"IT": "italian", "ES": "spanish", "PT": "portuguese", "BR": "portuguese", "NL": "dutch"}


class _Spelt(dict[str, tuple[str, ...]]):
    """What was between two blanks, and its words; those that are asked for first are taken apart then."""

    def __missing__(self, token: str) -> tuple[str, ...]:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[token] = words = tuple(_spell(token))
        return words


_SPELT = _Spelt()


def spell(title: str) -> list[str]:
    """The words of a title, small and without accents.

    Numbers of cards are in capitals: ``4/102``, ``TG12/TG30``, ``SWSH020``; ``#4`` keeps its sign. "x4",
    "4x" are ``x4``, and in brackets ``(4)``; "PSA10" is ``psa`` and ``10``, "MS65" is ``ms`` and ``65``.
    A ``/`` stands between conditions that are joined ("NM-MT") and where it stood alone. Words of ``CASED``
    keep their capitals. Letters of another script are the name of its language.
    """
    return list(chain.from_iterable(map(_SPELT.__getitem__, tokens_of(title))))


def tokens_of(title: str) -> list[str]:
    """What stands between blanks."""
    return title[:LONGEST_TITLE].split()


def spell_token(token: str) -> tuple[str, ...]:
    """The words of what stands between two blanks."""
    return _SPELT[token]


def _spell(token: str) -> list[str]:
    if token.isascii() and token.isalpha():
        return [
            token if token in CASED else meant_by(token.lower())
        ]  # What nearly all are, without the long way.
    if not token.isascii() and (flags := _FLAG.findall(token)):
        said = [_FLAGS.get("".join(chr(ord(one) - 0x1F1E6 + 65) for one in flag), ELSE) for flag in flags]
        return said + _spell(_FLAG.sub(" ", token).strip())
    folded = fold(token)
    if "." in folded and (initials := folded.replace(".", "").lower()) in INITIALS:
        return [initials]
    if (bracketed := _BRACKETED.fullmatch(folded)) is not None:
        return [f"({bracketed[bracketed.lastindex or 0].lower()})"]
    if (signed := _SIGNED_CONDITION.fullmatch(folded)) is not None:
        return [f"({signed[1].lower()})"]
    words = [] if folded.isascii() else [name for name, letters in _SCRIPTS if letters.search(folded)][:1]
    joined = _JOINED_CONDITIONS.sub(r"\1 : ", folded.replace(":", " "))
    for part in _PARTS.finditer(joined):
        words += _words_of(part)
    return words


def _words_of(part: re.Match[str]) -> list[str]:
    kind, text = part.lastgroup or "", part[0]
    if (spelt := _SPELLINGS.get(kind)) is not None:
        return spelt(part)
    return [ELSE] if kind == "else" else [text.lower()]


def _letters(part: re.Match[str]) -> list[str]:
    return [part[0] if part[0] in CASED else part[0].replace("'", "").lower()]


def _pair(part: re.Match[str]) -> list[str]:
    """A number and its total; "50/50", "60/40" tell how well a card is centred."""
    own, total = part["own"], part["total"]
    if own.isdigit() and total.isdigit() and int(own) + int(total) == 100 and int(own) >= int(total):  # noqa: PLR2004
        return [ELSE]
    return [f"{_number(part['own'])}/{_number(part['total'])}"]


def _sign(part: re.Match[str]) -> list[str]:
    """Up to ten it may be a grade as well: "PSA #9"."""
    number = _number(part[0].lower().lstrip("nor.:\u00b0# "))
    return ["#", number] if number in TEN else [f"#{number}"]


def _sheldon(part: re.Match[str]) -> list[str]:
    return [part["letters"].lower(), part["points"], *part["plus"]]


def _times(part: re.Match[str]) -> list[str]:
    count = part[0].lower().strip("x").lstrip("0")
    return [ELSE] if count in {"", "1"} else [f"x{count}"]


def _decimal(part: re.Match[str]) -> list[str]:
    """Only halves and wholes may be grades."""
    whole, _, rest = part[0].partition(".")
    return [whole if not rest.strip("0") else part[0] if rest == "5" else ELSE]


def _mark(part: re.Match[str]) -> list[str]:
    """A slash counts where it joins, or stands between a number and its total, apart from them: "4 / 102"."""
    if part[0] == "/":
        whole = part.string.strip()
        return ["/"] if whole.startswith("/") or whole.endswith("/") else []
    return [{"&": "and", ":": "/"}.get(part[0], part[0])]


_SPELLINGS: dict[str, Callable[[re.Match[str]], list[str]]] = {
    "letters_only": _letters,
    "pair": _pair,
    "letter": lambda part: [_number(part[0])],
    "code": lambda part: [_number(part[0])],
    "prefixed": lambda part: [_number(part[0])],
    "sign": _sign,
    "sheldon": _sheldon,
    "graded": lambda part: [part[0].rstrip("-:.#").lower()],
    "scored": lambda part: [part[0].partition("/")[0], ELSE],
    "times": _times,
    "decimal": _decimal,
    "with": lambda _: ["with"],
    "mark": _mark,
}
"""How each kind of part is spelt; the others as they are."""


def _number(text: str) -> str:
    """A number in capitals, but for the letter behind it: "XY67a"."""
    return text[:-1].upper() + text[-1].lower() if text[-2:-1].isdigit() else text.upper()

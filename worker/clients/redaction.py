"""Keep secrets out of what is told to others: whatever looks like one is replaced by three dots.

By its shape, and not by its source: an error's text may hold what nobody meant to put there.
"""

import re
from collections.abc import Mapping, Sequence

HIDDEN = "…"
LONGEST = 8192
"""Characters that are looked through; what comes after them is dropped."""
NAMES = r"pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|credential|authorization|signature|sig|cookie"

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL), HIDDEN),
    # All up to the last @: a password may hold one, and slashes.
    (re.compile(r"([a-z][a-z0-9+.-]{0,30}://)[^\s@]*@(?:[^\s@]*@)*", re.IGNORECASE), rf"\1{HIDDEN}@"),
    (re.compile(r"(hooks\.slack\.com/)[^\s\"'<>]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(discord(?:app)?\.com/api/(?:v\d+/)?webhooks/)[^\s\"'<>]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"\b(bearer|basic|digest|negotiate)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"v\^1\.1#\S+"), HIDDEN),  # eBay's user tokens.
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*)*"), HIDDEN),  # JSON Web Tokens.
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|xox[a-z]-|[sprw]k_(?:live|test)_|AKIA)[\w-]{8,}"), HIDDEN),
    (
        re.compile(
            rf"([\w-]{{0,40}}(?:{NAMES})[\w-]{{0,40}}[\"']?\s{{0,4}}[=:]\s{{0,4}})"
            r"(?:\"[^\"]*\"?|'[^']*'?|[^\s,;&\"')\]}]+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)
SECRET_NAME = re.compile(NAMES, re.IGNORECASE)
LONG_WORD = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
RUN_OF_BOTH = re.compile(r"[A-Za-z0-9]{32,}")
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def redact(text: str) -> str:
    """Return the text without passwords in URLs, tokens, keys, and long words that look made by chance."""
    told = text[:LONGEST]
    for pattern, instead in PATTERNS:
        told = pattern.sub(instead, told)
    return LONG_WORD.sub(_unless_it_is_a_word, told)


def redact_value(value: object) -> object:
    """Do the same to every text within a JSON value, and hide all that stands under a secret's name."""
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {
                redact(str(name)): HIDDEN if SECRET_NAME.search(str(name)) else redact_value(inner)
                for name, inner in value.items()
            }
        case Sequence():
            return [redact_value(inner) for inner in value]
        case _:
            return value


def _unless_it_is_a_word(found: re.Match[str]) -> str:
    word = found.group()
    if UUID.fullmatch(word):
        return word  # A run's id: who reads of it wants to look it up.
    mixed = all(any(map(kind, word)) for kind in (str.isdigit, str.isupper, str.islower))
    run = RUN_OF_BOTH.search(word)
    both = run is not None and any(map(str.isdigit, run.group())) and any(map(str.isalpha, run.group()))
    return HIDDEN if mixed or both else word

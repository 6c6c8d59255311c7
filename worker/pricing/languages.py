"""Which language a title says its card is in: another than English is another product."""

import re
from collections.abc import Sequence

from worker.pricing.phrases import Phrases

OTHER_SCRIPTS = re.compile("[\u0400-\u04ff\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Cyrillic, Thai, Japanese, Chinese and Korean letters."""

SAID_IN = {
    "japanese": "japanese,jp,jpn,jap,japan,nihongo",
    "korean": "korean,kr,kor,korea,hangul",
    "chinese": "chinese,cn,chn,cht,chs,china,taiwanese,s chinese,t chinese",
    "german": "german,germany,deutsch,deutsche,ger,karte,karten,auflage,erstausgabe,basis set,basisset",
    "french": "french,francais,francaise,fra,carte,cartes,set de base",
    "italian": "italian,italiano,italiana,ita,carta,edizione,set base",
    "spanish": "spanish,espanol,espanola,esp,edicion,castellano",
    "portuguese": "portuguese,portugues,edicao,brazilian",
    "dutch": "dutch,nl,nederlands,nederlandse",
    "polish": "polish,polski,polska",
    "russian": "russian",
    "thai": "thai,thailand",
    "indonesian": "indonesian,indonesia",
}
CODES = {
    "de": "german",
    "fr": "french",
    "it": "italian",
    "es": "spanish",
    "pt": "portuguese",
    "nl": "dutch",
}
"""Codes of languages and countries; in small letters they count only where a language is spoken of."""
ALSO_WORDS = frozenset({"de", "it"})
"""In a title of capitals these may be anything, but for its last word."""
NEGATIONS = frozenset({"not", "non", "no", "isnt"})

_SAID: Phrases[str] = Phrases(
    (word, language) for language, words in SAID_IN.items() for word in words.split(",")
)
_CODE = "|".join(CODES)
_CAPITALS = re.compile(rf"\b(?:{_CODE.upper()})\b(?!'|\s+(?i:top|mag|one|case|holder))")
"""But not the points in which the thickness of a holder is given: "35 PT toploader"."""
_SPOKEN_OF = re.compile(
    rf"""
    [(\[]\s*(?P<alone>{_CODE})\s*[)\]]
  | \b(?:language|lang|eu)\b[:\s]+(?P<after>{_CODE})\b
  | \b(?P<before>{_CODE})\s+(?:version|language|lang)\b
    """,
    re.VERBOSE,
)


def other_language(folded: str, words: Sequence[str]) -> str | None:
    """Name the language that a title says, when it is not English; None when it says nothing, or English.

    ``folded`` has its capitals still; ``words`` are small. "Not Japanese" is English.
    """
    if not folded.isascii() and OTHER_SCRIPTS.search(folded):
        return "unknown"
    for found in _SAID.find(words):
        if not (found.start and words[found.start - 1] in NEGATIONS):
            return found.meaning
    code = _code(folded)
    return None if code is None else CODES[code]


def _code(folded: str) -> str | None:
    if (said := _SPOKEN_OF.search(folded.lower())) is not None:
        return said[said.lastgroup or 0]
    shouted, end = folded.isupper(), len(folded.rstrip())
    for code in _CAPITALS.finditer(folded):
        if not shouted or code[0].lower() not in ALSO_WORDS or code.end() == end:
            return code[0].lower()
    return None

"""Which language a title says its card is in: another than English is another product."""

import re
from collections.abc import Sequence

from worker.pricing.phrases import Phrases

OTHER_SCRIPTS = re.compile("[\u0400-\u04ff\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Cyrillic, Thai, Japanese, Chinese and Korean letters."""

SAID_IN = {
    "japanese": "japanese,jp,jpn,jap,japan,nihongo",
    "korean": "korean,kor,korea,hangul",
    "chinese": "chinese,chn,cht,chs,china,taiwanese,s chinese,t chinese",
    "german": "german,germany,deutsch,deutsche,ger,karte,karten,auflage,erstausgabe,basis set,basisset",
    "french": "french,francais,francaise,fra,carte,cartes,set de base",
    "italian": "italian,italiano,italiana,ita,carta,edizione,set base",
    "spanish": "spanish,espanol,espanola,esp,edicion,castellano",
    "portuguese": "portuguese,portugues,edicao,brazilian",
    "dutch": "dutch,nederlands,nederlandse",
    "polish": "polish,polski,polska",
    "russian": "russian",
    "thai": "thai,thailand",
    "indonesian": "indonesian,indonesia",
}
CAPITALS = {"DE": "german", "FR": "french", "IT": "italian", "KR": "korean", "CN": "chinese"}
"""Country codes; they are also words, so they count in capitals only, and not in a title of capitals."""
NEGATIONS = frozenset({"not", "non", "no", "isnt"})

_SAID: Phrases[str] = Phrases(
    (word, language) for language, words in SAID_IN.items() for word in words.split(",")
)
_CAPITALS = re.compile(rf"\b(?:{'|'.join(CAPITALS)})\b")


def other_language(folded: str, words: Sequence[str]) -> str | None:
    """Name the language that a title says, when it is not English; None when it says nothing, or English.

    ``folded`` has its capitals still; ``words`` are small. "Not Japanese" is English.
    """
    if not folded.isascii() and OTHER_SCRIPTS.search(folded):
        return "unknown"
    for found in _SAID.find(words):
        if not (found.start and words[found.start - 1] in NEGATIONS):
            return found.meaning
    if (code := _CAPITALS.search(folded)) is not None and not folded.isupper():
        return CAPITALS[code[0]]
    return None

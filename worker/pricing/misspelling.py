"""Words that sellers misspell, and that much depends on: "Heavely Played", "Excelent"."""

from difflib import SequenceMatcher

MEANT = (
    "lightly",
    "slightly",
    "moderately",
    "heavily",
    "excellent",
    "unlimited",
    "shadowless",
    "edition",
    "japanese",
    "reverse",
)
"""Long enough that no other word of a title is nearly the same."""
OTHER_WORDS = frozenset(
    {"moderate", "editions", "edicion", "edicao", "editie", "edizione", "japanisch"}
) | frozenset(MEANT)
ALIKE = 0.85
"""The least share of letters that must agree: one wrong in seven, or two that changed places."""
SHORTEST, LONGEST = 6, 12
_BY_FIRST = {first: [word for word in MEANT if word[0] == first] for first in {word[0] for word in MEANT}}


def meant_by(word: str) -> str:
    """The word that a small word was meant to be; itself where it is like none of them."""
    if word[:1] not in _BY_FIRST or not SHORTEST <= len(word) <= LONGEST or word in OTHER_WORDS:
        return word
    for meant in _BY_FIRST[word[0]]:
        if SequenceMatcher(None, word, meant, autojunk=False).ratio() >= ALIKE:
            return meant
    return word

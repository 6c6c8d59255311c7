"""Titles as sellers write them, folded so that one thing is written in one way only."""

import html
import re
from unicodedata import normalize

COMBINING = re.compile("[\u0300-\u036f]+")
INVISIBLE = dict.fromkeys(
    (0xAD, 0x34F, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))
)
"""What takes no room on paper: a soft hyphen, joiners, marks of direction; dropped, not parted at."""
INVISIBLE |= dict.fromkeys((0xFEFF, *range(0xFE00, 0xFE10)))
ONE_FOR_MANY = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u02bc\u00b4\u2032`", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u2044\u2215\u29f8\\", "/"),
        **dict.fromkeys("\u2606\u2b50\u272d", "\u2605"),
        "\u00d7": "x",
        "\U0001f51f": " 10 ",
        "\u2715": "x",
        "\u0394": "\u03b4",
        "\u25ca": "\u25c7",
        "\u2662": "\u25c7",
    }
)


def fold(text: str) -> str:
    """Undo entities, accents, wide letters and invisible signs; the case of letters stays.

    Apostrophes, dashes, slashes, stars, deltas and diamonds come out as one sign each. What means nothing to
    a card (emojis, boxes) is left in place: reading passes over it.
    """
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if text.isascii():
        return text.replace("`", "'").replace("\\", "/")
    return COMBINING.sub("", normalize("NFKD", text.translate(INVISIBLE).translate(ONE_FOR_MANY)))

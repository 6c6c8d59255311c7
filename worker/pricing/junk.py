"""Words that say a listing is no single genuine card: fakes, lots, boxes, choices, other products.

The words of a card's own name, or of its set's, are no junk: "Custom Catcher", "Legendary Collection". Who
knows the card asks for the findings and drops those that its name explains.
"""

import re
from collections.abc import Sequence
from typing import Literal

from worker.pricing.phrases import Found, Phrases

Junk = Literal["fake", "several", "choice", "sealed", "digital", "merchandise", "other_product"]

SAID: dict[Junk, str] = {
    "fake": """
        24k | 24kt | aceo | alter | altered | art card | bootleg | counterfeit | custom |
        display only | dummy | engraved | extended | facsimile | fake | fakes | fan art | fan card |
        fan made | fanart | fanmade | for display | gold card | gold foil card | gold plated |
        hand made | hand painted | handmade | handpainted | homemade | metal | metallic card |
        not real | novelty | orica | painted | placeholder | plated | proxies | proxy | recolored |
        recoloured | repainted | replica | replicas | reprint | reprinted | reprints | repro |
        reproduction | repros | swap | swapped | unofficial | wood | wooden
    """,
    "several": """
        all cards | assorted | assortment | binder | bulk | bundle | bundled | bundles | card set |
        cards set | collection | complete set | couple of | duplicates | entire set |
        evolution line | evolution set | full set | joblot | joblots | lot | lots | master set |
        near complete | pair | pairs | play set | playset | playsets | set of | stack of |
        whole set | x cards
    """,
    "choice": """
        all available | any card | choose | complete your set | drop down | dropdown | list of |
        multi listing | pick | picks | select | select your | variants | variation | variations |
        various | you want | your choice
    """,
    "sealed": """
        blister | booster | boosters | box | box break | boxes | break spot | case break |
        complete deck | display box | elite trainer | empty | etb |
        grab bag | guaranteed hit | guaranteed holo | guaranteed pull | live break | mystery | pack |
        packs | random | repack | sealed | surprise | theme deck | tin | tins | unopened | wrapper
    """,
    "digital": """
        code card | code cards | codes | digital | download | file | files | jpeg | jpg | nft |
        nfts | online code | pdf | png | pokemon live | pokemon pocket | printable | ptcgl | ptcgo |
        ptcgp | stl | svg | tcg live | tcg online | tcg pocket | tcgl | tcglive | tcgo
    """,
    "merchandise": """
        album | art print | art prints | badge | bandai | big card | burger king | canvas |
        carddass | case | cases | coin | coins | construx | decal | deck box | figure | figurine | funko |
        giant card | jumbo | keychain | keyring | label only | lamp | large card | lego | magnet |
        magnets | meiji | merlin | mouse mat | mouse pad | mousemat | mousepad | mug | not included |
        over sized | oversize | oversized | panini | pin | pins | playmat | plush | pog | pogs |
        portfolio | poster | print art | puzzle | shirt | sleeve | sleeves | sticker | stickers |
        tazo | tazos | token | tokens | topps | topsun | towel | vending | wall art | without card
    """,
    "other_product": """
        autograph | autographed | autographs | battle academy | blank | championship deck | crimp |
        crimped | error | errors | ghost stamp | gray stamp | grey stamp | inverted | misaligned |
        miscut | misprint | misprinted | misprints | no symbol | pre release | prerelease |
        prize pack | signed | square cut | staff | stamp | stamped | test print | trick or trade |
        world championship | world championships | worlds deck
    """,
}
HARMLESS = """
    1st edition stamp | 1st edition stamped | ; stamp | ; stamped | binder copy | binder fresh |
    booster fresh | box fresh | break evolution | bulk shipping | case cracked | case fresh |
    case included | case not included | childhood collection | classic collection | ed stamp |
    ed stamped | edition stamp | edition stamped | error free | estate collection |
    first edition stamp | first edition stamped | free case | free sleeve | fresh from pack |
    fresh pack | from a sealed | from binder | from booster | from booster pack | from box |
    from etb | from my binder | from pack | from sealed | from sealed box | from theme deck |
    from tin | hard case included | holder not included | in a case | in a sleeve | in acrylic case |
    in case | in hard case | in magnetic case | in protective case | in sleeve | metal energy type |
    metal pokemon | metal type | my collection | no errors | old collection | out of pack |
    pack fresh | pack pulled | pack to sleeve | pack to toploader | penny sleeve |
    personal collection | pick up | pin hole | pin holes | pin prick | private collection |
    pulled from booster pack | radiant collection | slab not included | sleeve and toploader |
    sleeve included | sleeve not included | sleeve top loader | sleeve toploader |
    straight from booster | straight from pack | theme deck exclusive | top loader not included |
    top loader sleeve | toploader case | toploader not included | toploader sleeve | w case |
    w sleeve | with a case | with case | with hard case | with magnetic case | with protective case |
    with sleeve
"""
"""Said of singles: the same words, and nothing is wrong. The ";" stands where "1st edition" was."""
NEGATIONS = frozenset({"not", "no", "non", "never", "isnt", "without"})

_SAID: Phrases[Junk | None] = Phrases(
    [
        *((phrase.strip(), junk) for junk, phrases in SAID.items() for phrase in phrases.split("|")),
        *((phrase.strip(), None) for phrase in HARMLESS.split("|")),
    ]
)
QUANTITY = re.compile(r"x(\d{1,3})|(\d{1,3})x")
COUNTED = frozenset({"card", "cards", "copies", "pcs", "pieces", "pc", "pack", "packs", "total"})
COUNTS = frozenset({"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "both", "dozen"})


def find_junk(words: Sequence[str]) -> list[Found[Junk]]:
    """Every junk word of a title, with its place; "not a proxy" is none, nor is "pack fresh"."""
    said = [
        Found(found.start, found.end, found.meaning)
        for found in _SAID.find(words)
        if found.meaning is not None and not _negated(words, found.start)
    ]
    return said + [Found(at, at + 1, "several") for at, word in enumerate(words) if _counts(words, at, word)]


def _negated(words: Sequence[str], at: int) -> bool:
    before = words[max(0, at - 2) : at]
    return bool(before) and (
        before[-1] in NEGATIONS or (before[-1] in {"a", "an"} and before[0] in NEGATIONS)
    )


def _counts(words: Sequence[str], at: int, word: str) -> bool:
    """Tell whether a word says that there are several: "x4", "4x", "4 cards", "qty 4", "two cards"."""
    if word in COUNTS:
        return at + 1 < len(words) and words[at + 1] in COUNTED
    if not word or not (word[0].isdigit() or word[-1].isdigit()):
        return False
    if (parts := QUANTITY.fullmatch(word)) is not None:
        return int(parts[1] or parts[2]) > 1
    if not (word.isdigit() and len(word) <= 3 and int(word) > 1):  # noqa: PLR2004
        return False
    before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
    return after in COUNTED or before in {"qty", "quantity"} or (after == "x") or (before == "x" and at > 1)

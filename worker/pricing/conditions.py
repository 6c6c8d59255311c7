"""The five conditions of a raw card, the words that sellers have for them, and what two words mean together."""

from collections.abc import Iterable
from typing import Literal, get_args

Condition = Literal["NM", "LP", "MP", "HP", "DMG"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
"""From the best to the worst."""

SAID: dict[Condition, str] = {
    "NM": """
        n m | nrmint | near mint | near mint or better | near mint plus | nr mint | near mnt | near minty | nearmint |
        nm | nmm | nm mint | nm mt | nm or better | nm condition | n mint | mint | mint condition | minty |
        mnt | neat mint | nera mint | gem mint | gem mt | pack fresh | packfresh | pack mint | (nm) | (m) |
        (mt) | (mint) | (nmm) | fresh from pack | straight from pack | pack to sleeve | pack to toploader |
        quasi neuf | near neuf | nahezu perfekt | fast neuwertig | quasi perfetto | casi perfecto | casi nuevo
    """,
    "LP": """
        lightly played | light played | lightly play | light play | lite play | lite played | litely played |
        lightly plated | lightly pld | lightyl played | lighly played | lightlyplayed | slightly played |
        slight play | minimal play | minor play | lightly worn | lp | lp condition | lpc | ex condition | cond ex | cond EX | condition ex | condition EX | condition sp |
        ex cond | EX condition | EX cond | excellent | excellent condition | excellant | exc | exmt |
        sp condition | (lp) | (ex) | (sp) | (exc) | (exmt) | near excellent
    """,
    "MP": """
        moderately played | moderate played | moderate play | moderately play | mod played | mod play |
        moderatly played | moderetly played | medium played | medium play | moderately worn | mp |
        mp condition | played | played condition | well played with | vg | vgc | vgex | very good |
        very good condition | v good | good condition | good cond | good shape | gd | gd condition |
        (mp) | (vg) | (gd) | (g) | (good) | (played) | (vgex)
    """,
    "HP": """
        heavily played | heavy played | heavily play | heavy play | heavily pld | heavly played |
        heavily worn | heavy wear | very played | well played | hp | hp condition | poor |
        poor condition | poor shape | fair condition | (hp) | (poor) | (pl) | (fair) | (fr)
    """,
    "DMG": """
        damaged | dmg | dmgd | dm condition | damage | damages | water damage | water damaged | wet damage |
        creased | crease | creases | creasing | bent | bend | bends | torn | tear | tears | ripped | rip |
        writing | written on | writing on | inked | ink | ink mark | pen mark | pen marks | marker | hole |
        holes | hole punch | hole punched | punched | punch hole | pinhole | pin hole | pin holes | chewed |
        destroyed | stained | water stain | sharpie | peeling | (dmg) | (dm) | (damaged) | (po)
    """,
}
HARMLESS = """
    excellent centering | excellent centered | excellent seller | excellent feedback | excellent gift |
    excellent price | excellent deal | excellent value | excellent service | excellent investment |
    excellent addition | mint mark | mint marks | u s mint | us mint | mint set | mint error | mint error |
    royal mint | mint green | mint case | mint holder | mint slab | no mint | mint pack | ink free |
    crease free | damage free | bend free | damage protection | without damage | rip ship | rip and ship |
    box hole | hit points | good rod | bent spoon | inkay | good luck | hp bar | tears of | torn between |
    damage pump | damage mover | damage counter | damage counters | poor sportsmanship
"""
"""The same words, and nothing is said of the condition."""
DEFECTS = """
    damage damages damaged creased crease creases creasing bent bend bends torn tear tears ripped rip rips
    writing inked ink hole holes marks mark scratches scratch whitening dents dent dings wear stains peeling
"""
"""What "no … or …" may be said of."""
SHORT: dict[str, Condition] = {
    "nm": "NM",
    "nmm": "NM",
    "near": "NM",
    "mint": "NM",
    "mt": "NM",
    "m": "NM",
    "exmt": "LP",
    "exc": "LP",
    "ex": "LP",
    "EX": "LP",
    "lp": "LP",
    "sp": "LP",
    "SP": "LP",
    "vg": "MP",
    "vgex": "MP",
    "gd": "MP",
    "good": "MP",
    "g": "MP",
    "mp": "MP",
    "played": "MP",
    "pl": "HP",
    "PL": "HP",
    "hp": "HP",
    "poor": "HP",
    "pr": "HP",
    "fair": "HP",
    "fr": "HP",
    "po": "DMG",
    "dmg": "DMG",
    "dm": "DMG",
    "damaged": "DMG",
}
"""What is a condition where it is joined to another one: "EX/NM", "VG-EX"."""


_PLACES = {condition: place for place, condition in enumerate(CONDITIONS)}


def worse(conditions: Iterable[Condition]) -> Condition | None:
    """What is known of a card of which all these are said.

    Of neighbours the worse ("NM/LP" is LP), and a defect is a defect whatever else is praised. Words that are
    further apart contradict each other, or are a range to choose from ("NM-HP"): nothing is known then.
    """
    places = {_PLACES[one] for one in conditions}
    if not places:
        return None
    last = max(places)
    return CONDITIONS[last] if CONDITIONS[last] == "DMG" or last - min(places) <= 1 else None

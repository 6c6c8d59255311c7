"""The five conditions of a raw card, the words that sellers have for them, and what two of them mean."""

from collections.abc import Iterable
from typing import Literal, get_args

Condition = Literal["NM", "LP", "MP", "HP", "DMG"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
"""From the best to the worst."""

SAID: dict[Condition, str] = {
    "NM": """
        (m) | (mint) | (mt) | (nm) | (nmm) | casi nuevo | casi perfecto | fast neuwertig | fresh from pack |
        gem mint | gem mt | mint | mint condition | mint pack fresh | mint pack to sleeve | minty | mnt |
        n m | n mint | nahezu perfekt | nea mint | near min | near mint | near mint gem |
        near mint or better | near mint plus | near minty | near mitn | near mnit | near mnt | near neuf |
        nearmint | neat mint | neer mint | nera mint | never played | nm | nm condition | nm mint | nm mt |
        nm or better | nmm | nr mint | nrmint | pack fresh | pack mint | pack to sleeve |
        pack to toploader | packfresh | quasi neuf | quasi perfetto | straight from pack
    """,
    "LP": """
        (ex) | (exc) | (exmt) | (lp) | (sp) | EX cond | EX condition | cond EX | cond ex | condition EX |
        condition ex | condition sp | ex cond | ex condition | exc | excellant | excellent |
        excellent condition | exmt | l play | l played | leggermente giocata | leicht bespielt |
        leicht gespielt | lighly played | light play | light played | light wear | lightly plated |
        lightly play | lightly played | lightly pld | lightly worn | lightlyplayed | lighty played |
        lightyl played | lite play | lite played | lite wear | litely played | lp | lp condition | lpc |
        lt play | lt played | ltly played | minimal play | minor play | minor wear | near excellent |
        slight play | slight wear | slightly played | sp condition
    """,
    "MP": """
        (g) | (gd) | (good) | (mp) | (played) | (vg) | (vgex) | bespielt | gd | gd condition | gebraucht |
        gespielt | giocata | good cond | good condition | good shape | jugada | m played | medium play |
        medium played | mod pl | mod play | mod played | moderate play | moderate played | moderate wear |
        moderately play | moderately played | moderately worn | moderatly played | moderetly played | mp |
        mp condition | played | played condition | v good | very good | very good condition | vg | vgc |
        vgex | well played with
    """,
    "HP": """
        (fair) | (fr) | (hp) | (pl) | (poor) | fair condition | h played | heavily play | heavily played |
        heavily pld | heavily worn | heavly played | heavy play | heavy played | heavy wear | hp |
        hp condition | hv played | hvy play | hvy played | molto giocata | muy jugada | poor |
        poor condition | poor shape | stark bespielt | stark gespielt | very played | well played
    """,
    "DMG": """
        (damaged) | (dm) | (dmg) | (po) | abimee | bend | bends | bent | beschadigt | black marker |
        chewed | crease | creased | creases | creasing | damage | damaged | damages | danada | danneggiata |
        destroyed | dm condition | dmg | dmgd | hole | hole punch | hole punched | holes | ink | ink mark |
        inked | marker ink | marker mark | marker marks | marker on | peeling | pen mark | pen marks |
        pin hole | pin holes | pinhole | punch hole | punched | rip | ripped | rovinata | sharpie |
        stained | tear | tears | torn | water damage | water damaged | water stain | wet damage |
        with marker | writing | writing on | written on
    """,
}
HARMLESS = """
    bend free | bent spoon | box hole | crease free | damage free | damage mover | damage protection |
    damage pump | excellent addition | excellent centered | excellent centering | excellent deal |
    excellent feedback | excellent gift | excellent investment | excellent price | excellent seller |
    excellent service | excellent value | gem ? | gem mint candidate | gem mint contender |
    gem mint hopeful | gem mint possible | gem mint potential | gem mint quality | gem mint ready |
    gem mint worthy | hp bar | hp set | ink free | mint case | mint error | mint gem ? | mint green |
    mint holder | mint mark | mint marks | mint pack | mint set | mint slab | nm gem ? | nm to gem ? |
    no mint | poor sportsmanship | rip and ship | rip ship | royal mint | tears of | torn between |
    u s mint | us mint
"""
"""The same words, and nothing is said of the condition."""
BEFORE_LAST = """
    holo rare unlimited edition set shadowless foil uncommon common 1st ed base jungle fossil wotc genesis
    discovery revelation destiny heroes challenge rocket returns collection expedition aquapolis skyridge
    english deutsch german french italian spanish japanese condition
"""
"""Behind these a last word "EX" is a condition."""
AFTER_ANOTHER = "set authentic rookie rc platinum arceus lv me for us if to with offers"
"""Before these "SP", "PL" and "DM" are something else."""
DEFECTS = """
    damage damages damaged creased crease creases creasing bent bend bends torn tear tears ripped rip rips
    writing inked ink hole holes marks mark scratches scratch whitening dents dent dings wear stains peeling
"""
"""What "no … or …" may be said of."""
SHORT: dict[str, Condition] = {
    "nm": "NM",
    "nmm": "NM",
    "nmmt": "NM",
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

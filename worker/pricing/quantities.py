"""How many cards or coins a title offers: "x4", "lot of 25", "playset"."""

from collections.abc import Sequence

from worker.pricing.lexicon import NOTHING, Lexicon, Meaning
from worker.pricing.signs import LARGE, TIMES, Signs

SINGLE = "151"
"""Never a count: Pokémon 151 is a set."""
NUMBERS = [str(number) for number in range(2, 401) if str(number) != SINGLE]
BRACKETED = [f"({number})" for number in range(2, 100)]
PHRASES = {
    "playset | play set | full playset": 4,
    "playsets": None,
    "pair | a pair | pair of | couple of | both | both cards": 2,
    "trio": 3,
    "dozen": 12,
}
WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
WORDS |= {"twelve": 12, "twenty": 20, "fifty": 50, "hundred": 100}
BETWEEN = """
    pokemon different random assorted total vintage holo holos rare sports graded old new mixed bulk english
    japanese wotc common uncommon reverse foil energy trainer tcg psa great nice original 1st edition mtg
    magic yugioh more plus gold silver foil metal black card booster boosters sealed theme penny
"""
COUNTED = """
    sleeves toploaders codes sheets boxes tins cards copies pcs piece pieces pc packs count ct coins qty
    pokemons commons uncommons
"""
SUB_GRADES = "9 9.5 10"
SORTS = {"sleeves": "merchandise", "toploaders": "merchandise", "codes": "digital"}
"""What is counted and is no card."""
COUNTED_TOGETHER = "lot lots set bundle playset collection mix pack"
TOGETHER = "card pokemon coin bulk job mixed vintage holo rare japanese english tcg"
GROUPS = (
    "lot lots set bundle pack packs stack collection roll rolls group joblot konvolut box bag sets playset"
)


def add_quantities(lexicon: Lexicon) -> None:
    """Teach a lexicon to count."""
    signs = lexicon.signs
    number, bracketed = a_number(signs), signs.any(BRACKETED)
    counted = f"(?:{signs.any(BETWEEN)}{{0,3}}{signs.any(COUNTED)}|.{signs.any('cards')})"
    together = f"{signs.any(TOGETHER)}{{0,3}}{signs.any(COUNTED_TOGETHER)}"
    lexicon.rule([TIMES], "", _times)
    lexicon.rule(BRACKETED, f"{signs.any(SUB_GRADES)}{signs.any('sub subs subgrades')}?", _sub_grades)
    lexicon.rule(BRACKETED, f"(?:{counted})?", count)
    lexicon.rule([*NUMBERS, LARGE, *WORDS], f"(?:{counted}|{together}|{signs.any('x')}(?!{number}))", count)
    lexicon.rule(WORDS, f".{{0,3}}{signs.any('cards')}", count)
    lexicon.rule(["x"], number, count)
    lexicon.rule(
        "card cards", f"{signs.any('lot lots bundle set')}{signs.any('of')}?(?:{number}|{bracketed})", count
    )
    lexicon.rule(
        "lot lots bundle bulk collection joblot",
        f"{signs.any(BETWEEN)}{{0,2}}{signs.any('cards')}(?:{number}|{bracketed})",
        count,
    )
    about = signs.any("about over approx all the a")
    lexicon.rule(GROUPS, f"{signs.any('of')}{about}?(?:{number}|{bracketed}|{signs.any(WORDS)})", count)
    lexicon.rule([one for one in GROUPS.split() if one != "set"], f"(?:{number}|{bracketed})", count)
    lexicon.rule("qty quantity", f"{signs.any('of : /')}?{number}", count)
    # Whatever stands between them: "complete Jungle common set".
    lexicon.rule(
        "complete full entire whole", f".{{0,4}}{signs.any('set sets')}(?:{signs.any('of')}{number})?", count
    )
    for listed, how_many in PHRASES.items():
        lexicon.phrases("junk", listed, "several", how_many)


def a_number(signs: Signs) -> str:
    """A pattern for a number that may be a count."""
    return f"(?:[{LARGE}]|{signs.any(NUMBERS)})"


def count(words: Sequence[str]) -> Meaning | None:
    """Read "25 cards", "lot of ten": several, and how many."""
    counts = [int(word.strip("()")) for word in words if word.strip("()").isdigit()]
    counts += [WORDS[word] for word in words if word in WORDS]
    sort = SORTS.get(words[-1], "several")
    return Meaning("junk", " ".join(words), sort, how_many=counts[0] if counts else None)


def _sub_grades(words: Sequence[str]) -> Meaning | None:
    """Read "(3) 9.5 subs", which counts no cards."""
    return NOTHING if len(words) > 1 and words[1] in SUB_GRADES.split() else None


def _times(words: Sequence[str]) -> Meaning | None:
    return Meaning("junk", words[0], "several")

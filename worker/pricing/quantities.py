"""How many cards or coins a title offers: "x4", "lot of 25", "playset"."""

from collections.abc import Sequence

from worker.pricing.lexicon import Lexicon, Meaning
from worker.pricing.signs import LARGE, TIMES

SINGLE = "151"
"""Never a count: Pokémon 151 is a set."""
NUMBERS = [str(number) for number in range(2, 401) if str(number) != SINGLE]
BRACKETED = [f"({number})" for number in range(2, 100)]
PHRASES = {
    "playset": 4,
    "play set": 4,
    "full playset": 4,
    "playsets": None,
    "pair": 2,
    "a pair": 2,
    "pair of": 2,
}
PHRASES |= {"dozen": 12, "both": 2, "trio": 3, "couple of": 2, "both cards": 2}
WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
WORDS |= {"twelve": 12, "twenty": 20, "fifty": 50, "hundred": 100}
BETWEEN = """
    pokemon different random assorted total vintage holo holos rare sports graded old new mixed bulk english
    japanese wotc common uncommon reverse foil energy trainer tcg psa great nice original 1st edition mtg magic
    yugioh more plus gold silver foil metal black card
"""
COUNTED = "cards copies pcs pieces pc packs count ct coins qty pokemons"
COUNTED_TOGETHER = "lot lots set bundle playset collection mix pack"
GROUPS = (
    "lot lots set bundle pack packs stack collection roll rolls group joblot konvolut box bag sets playset"
)


def add_quantities(lexicon: Lexicon) -> None:
    """Teach a lexicon to count."""
    signs = lexicon.signs
    number = f"[{LARGE}]|{signs.any(NUMBERS)}"
    between, counted = signs.any(BETWEEN), signs.any(COUNTED)
    together = f"{signs.any('card pokemon coin bulk job mixed vintage holo rare japanese english tcg')}{{0,3}}{signs.any(COUNTED_TOGETHER)}"
    lexicon.rule([TIMES], "", _of_sign)
    lexicon.rule(BRACKETED, f"(?:{between}{{0,2}}{counted})?", _of_brackets)
    lexicon.rule(
        [*NUMBERS, LARGE, *WORDS],
        f"(?:{between}{{0,3}}{counted}|{together}|{signs.any('x')}(?!{number}))",
        _count,
    )
    lexicon.rule(["x"], f"(?:{number})", _count)
    lexicon.rule(
        GROUPS,
        f"{signs.any('of')}{signs.any('about over approx the a')}?(?:{number}|{signs.any([*WORDS, *BRACKETED])})",
        _count,
    )
    lexicon.rule(GROUPS, f"(?:{number}|{signs.any(BRACKETED)})", _count)
    lexicon.rule("qty quantity", f"{signs.any('of : /')}?(?:{number})", _count)
    # Whatever stands between them: "complete Jungle common set".
    lexicon.rule(["complete", "full", "entire", "whole"], f".{{0,4}}{signs.any('set sets')}", _count)
    for phrase, count in PHRASES.items():
        lexicon.phrases("junk", phrase, "several", count)


def _of_sign(words: Sequence[str]) -> Meaning | None:
    return Meaning("junk", words[0], "several")


def _of_brackets(words: Sequence[str]) -> Meaning | None:
    return Meaning("junk", " ".join(words), "several", how_many=int(words[0].strip("()")))


def _count(words: Sequence[str]) -> Meaning | None:
    if words[0] == "set" and "of" not in words:
        return None
    counts = [int(word.strip("()")) for word in words if word.strip("()").isdigit()]
    counts += [WORDS[word] for word in words if word in WORDS]
    return Meaning("junk", " ".join(words), "several", how_many=counts[0] if counts else None)

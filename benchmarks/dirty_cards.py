"""An invented catalogue with the dirt of the real one, in the shape of the Pokémon TCG API v2.

What can be wrong, and how often, was measured on 20,106 real cards. Names and texts are made of syllables.
As a script, it prints how fast such cards are read::

    python -m benchmarks.dirty_cards [CARDS] [SEED]
"""

import json
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from time import perf_counter
from typing import Any
from unicodedata import normalize

from worker.catalog.reading import Unreadable, read_card

Json = dict[str, Any]

CARDS_A_SET = 150
UNREADABLE_SHARE = 0.005
CONFLICT_SHARE = 0.005

SYLLABLES = "ba do fi gu ka lo mi nu pa ro sa te vo xa zu bri dra gle kro mel nor pli qua sti tro".split()  # noqa: SIM905
TYPES = ("Colorless", "Darkness", "Dragon", "Fighting", "Fire", "Grass", "Metal", "Psychic", "Water")
RARITIES = (
    ["Common"] * 8 + ["Uncommon"] * 6 + ["Rare"] * 4 + ["Rare Holo"] * 3 + ["Double Rare", "Rare Ultra"]
)
PRINTINGS = ("normal", "holofoil", "reverseHolofoil", "1stEditionHolofoil", "unlimitedHolofoil", "unlimited")
ODD_NUMBERS = "SWSH{:03} SM{:02} XY{}a TG{:02} GG{:02} RC{} H{} SL{} {}a 15_A{} A T ? !".split()  # noqa: SIM905
EURO_FIGURES = ("averageSellPrice", "lowPrice", "trendPrice", "reverseHoloTrend", "avg1", "avg7", "avg30")


@dataclass(frozen=True, slots=True)
class Truth:
    """What was made: the three counts add up to the number of cards.

    A conflict can be read, but has the external id of an earlier, readable card under another set.
    """

    sets: int
    readable: int
    unreadable: int
    conflicts: int


def dirty_catalogue(cards: int, seed: int) -> tuple[list[Json], list[Json], Truth]:
    """Make sets and cards, and tell what is to be expected of them."""
    dice = Random(seed)
    sets = [_set(dice, index) for index in range(max(2, -(-cards // CARDS_A_SET)))]
    conflicts, unreadable = round(cards * CONFLICT_SHARE), round(cards * UNREADABLE_SHARE)
    made = _cards(dice, sets, cards - conflicts)
    broken = dice.sample(range(len(made)), unreadable)
    sound = [index for index in range(len(made)) if index not in set(broken)] if conflicts else []
    twins = [_under_another_set(dice, made[index], sets) for index in dice.sample(sound, conflicts)]
    for turn, index in enumerate(broken):
        FAULTS[turn % len(FAULTS)](made[index])
    return sets, made + twins, Truth(len(sets), len(made) - unreadable, unreadable, conflicts)


def _set(dice: Random, index: int) -> Json:
    total = CARDS_A_SET
    made: Json = {
        "id": f"{dice.choice(SYLLABLES)}{index + 1}",
        "name": _words(dice, 2).title(),
        "series": _words(dice, 1).title(),
        "printedTotal": total - dice.randrange(20),
        "total": total,
        "legalities": {"unlimited": "Legal"},
        # A main set and its gallery share a code, so two neighbours do here.
        "ptcgoCode": f"C{index // 2:02}",
        "releaseDate": f"{1999 + index % 27}/{1 + index % 12:02}/{1 + index % 28:02}",
        "updatedAt": "2026/01/09 15:12:00",
    }
    if dice.random() < 0.15:
        del made["ptcgoCode"]
    if dice.random() < 0.05:
        made["total"] = dice.choice([str(total), made["printedTotal"] - 3, None, [total]])
    if dice.random() < 0.02:
        made["releaseDate"] = "---"
    return made


def _cards(dice: Random, sets: list[Json], count: int) -> list[Json]:
    made, seen = list[Json](), set[str]()
    for index in range(count):
        of_set = sets[index // CARDS_A_SET]
        card = _card(dice, of_set, index % CARDS_A_SET + 1, seen)
        for share, spoil in DIRT:
            if dice.random() < share:
                spoil(card)
        made.append(card)
    return made


def _card(dice: Random, of_set: Json, place: int, seen: set[str]) -> Json:
    number, suffix = _number(dice, place)
    if (card_id := f"{of_set['id']}-{suffix}") in seen:
        number = str(place)
        card_id = f"{of_set['id']}-{number}"
    seen.add(card_id)
    types = [dice.choice(TYPES)]
    return {
        "id": card_id,
        "name": _name(dice),
        "supertype": "Pokémon",
        "subtypes": [dice.choice(["Basic", "Stage 1", "Stage 2"])],
        "hp": str(dice.randrange(3, 34) * 10),
        "types": types,
        "evolvesFrom": _words(dice, 1).title(),
        "attacks": [_attack(dice, types[0]) for _ in range(dice.choice([1, 2, 2]))],
        "weaknesses": [{"type": dice.choice(TYPES), "value": "\u00d72"}],
        "retreatCost": ["Colorless"] * 2,
        "convertedRetreatCost": 2,
        "set": dict(of_set),
        "number": number,
        "artist": _words(dice, 2).title(),
        "rarity": dice.choice(RARITIES),
        "nationalPokedexNumbers": [dice.randrange(1, 1026)],
        "legalities": {"unlimited": "Legal", "expanded": "Legal"},
        "images": {"small": f"https://images.example/{card_id}.png"},
        "tcgplayer": {
            "url": f"https://prices.example/tcgplayer/{card_id}",
            "updatedAt": "2026/01/09",
            "prices": {printing: _figures(dice) for printing in dice.sample(PRINTINGS, dice.choice([1, 2]))},
        },
        "cardmarket": {
            "updatedAt": "2026/01/09",
            "prices": {figure: round(dice.uniform(0.1, 60), 2) for figure in EURO_FIGURES},
        },
    }


def _number(dice: Random, place: int) -> tuple[str, str]:
    """Make a number and the end of its card's id: the two are nearly always the same."""
    roll = dice.random()
    if roll < 0.915:
        return str(place), str(place)
    if roll < 0.92:
        return "15", f"15_A{place}"
    form = dice.choice(ODD_NUMBERS)
    number = form.format(place)
    return number, number


def _name(dice: Random) -> str:
    name = _words(dice, 1).title()
    if dice.random() < 0.95:
        return name
    mark = dice.choice(("{}é", "{} ★", "{} δ", "{} ◇", "{}♂", "_____'s {}", "{} & Zú-GX"))
    form = dice.choice(["NFC", "NFC", "NFC", "NFD"])
    return normalize("NFD" if form == "NFD" else "NFC", mark.format(name))


def _attack(dice: Random, cost: str) -> Json:
    return {
        "name": _words(dice, 2).title(),
        "cost": [cost, "Colorless"],
        "convertedEnergyCost": 2,
        "damage": f"{dice.randrange(1, 25)}0",
        "text": _words(dice, 11).capitalize() + ".",
    }


def _figures(dice: Random) -> Json:
    market = round(dice.lognormvariate(1, 1.5), 2)
    low, high = round(market * 0.7, 2), round(market * 3, 2)
    return {"low": low, "mid": market, "high": high, "market": market, "directLow": None}


def _words(dice: Random, count: int) -> str:
    return " ".join("".join(dice.choices(SYLLABLES, k=dice.choice([2, 3]))) for _ in range(count))


def _under_another_set(dice: Random, card: Json, sets: list[Json]) -> Json:
    home = card["id"].rpartition("-")[0]
    return deepcopy(card) | {"set": dict(dice.choice([other for other in sets if other["id"] != home]))}


def _swap(key: str, change: Callable[[Any], object]) -> Callable[[Json], None]:
    def spoil(card: Json) -> None:
        card[key] = change(card.get(key))

    return spoil


def _drop(key: str) -> Callable[[Json], None]:
    def spoil(card: Json) -> None:
        card.pop(key, None)

    return spoil


def _without_prices(card: Json) -> None:
    if isinstance(card["tcgplayer"], dict):
        card["tcgplayer"].pop("prices", None)


def _loose_costs(card: Json) -> None:
    for attack in card["attacks"]:
        attack["cost"] = "G"


DIRT: tuple[tuple[float, Callable[[Json], None]], ...] = (
    (0.015, _drop("rarity")),
    (0.010, _swap("rarity", lambda _: "DoubleRare")),
    (0.002, _swap("rarity", lambda _: "double  rare")),
    (0.002, _swap("rarity", lambda _: "MoonlitRare")),
    (0.005, _swap("hp", int)),
    (0.002, _swap("hp", lambda hp: f"{hp} HP")),
    (0.001, _swap("hp", lambda _: "—")),
    (0.005, _swap("subtypes", lambda _: "Basic Stage")),
    (0.001, _swap("types", lambda _: 7)),
    (0.001, _swap("supertype", lambda _: "Pokemon")),
    (0.005, _loose_costs),
    (0.005, _swap("Release Date", lambda _: "2026-01-30")),
    (0.005, _swap("Craftable", lambda _: True)),
    (0.005, _swap("legalities", lambda _: {"unlimited": "Legal", "standard": "Not Legal"})),
    (0.001, _swap("legalities", lambda _: "Legal")),
    (0.001, _swap("tcgplayer", lambda _: "none")),
    (0.050, _without_prices),
    (0.003, _swap("number", lambda number: int(number) if number.isdecimal() else number)),
    (0.003, _drop("set")),
)
FAULTS: tuple[Callable[[Json], None], ...] = (
    _drop("id"),
    _swap("id", lambda _: ""),
    _swap("id", lambda _: 1017),
    _drop("name"),
    _swap("name", lambda _: " "),
    _swap("name", lambda name: [name]),
    _drop("number"),
    _swap("number", lambda number: {"printed": number}),
    _swap("set", lambda _: {"id": 7}),
    _swap("set", lambda _: "Base"),
)


def _read_all(cards: list[Json]) -> tuple[int, float]:
    begun = perf_counter()
    unreadable = sum(isinstance(read_card("pokemonapi", card, None, None), Unreadable) for card in cards)
    return unreadable, perf_counter() - begun


def main(cards: int = 20_000, seed: int = 7) -> None:
    _, made, truth = dirty_catalogue(cards, seed)
    size = sum(len(json.dumps(card, ensure_ascii=False).encode()) for card in made) / len(made)
    unreadable, seconds = min((_read_all(made) for _ in range(5)), key=lambda pass_: pass_[1])
    print(f"{truth}, {size:,.0f} bytes a card; {unreadable} unreadable")
    print(f"{cards / seconds:,.0f} cards/s read in one process, the best of five passes")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

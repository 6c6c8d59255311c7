"""Turn records of the Pokémon TCG API's shape into TCGdex's (its docs: Set, SetBrief and Card objects)."""

import re
from collections.abc import Mapping, Sequence

Record = Mapping[str, object]

TCGPLAYER_KINDS = {"normal": "normal", "holofoil": "holo", "reverseHolofoil": "reverse"}
TCGPLAYER_PRICES = {
    "low": "lowPrice",
    "mid": "midPrice",
    "high": "highPrice",
    "market": "marketPrice",
    "directLow": "directLowPrice",
}
CARDMARKET_PRICES = {
    "averageSellPrice": "avg",
    "lowPrice": "low",
    "trendPrice": "trend",
    "avg1": "avg1",
    "avg7": "avg7",
    "avg30": "avg30",
    "reverseHoloSell": "avg-holo",
    "reverseHoloLow": "low-holo",
    "reverseHoloTrend": "trend-holo",
    "reverseHoloAvg1": "avg1-holo",
    "reverseHoloAvg7": "avg7-holo",
    "reverseHoloAvg30": "avg30-holo",
}


def tcgdex_set_id(set_id: str) -> str:
    """Return TCGdex's id for a set: ``sv3pt5`` is ``sv03.5`` there; most are the same."""
    match = re.fullmatch(r"(sv|me)(\d)(?:pt(\d))?", set_id)
    if match is None:
        return set_id
    series, whole, part = match.groups()
    return f"{series}0{whole}" + (f".{part}" if part else "")


def tcgdex_card_id(set_id: str, card: Record) -> str:
    """Return TCGdex's id for a card: the set's and the local id, as in ``sv03.5-006`` or ``base1-4``."""
    return f"{tcgdex_set_id(set_id)}-{_local_id(set_id, card)}"


def set_brief(card_set: Record) -> dict[str, object]:
    """Return a set as lists name it."""
    return {
        "id": tcgdex_set_id(str(card_set["id"])),
        "name": card_set["name"],
        "cardCount": {"total": card_set.get("total"), "official": card_set.get("printedTotal")},
    }


def set_detail(card_set: Record, cards: Sequence[Record]) -> dict[str, object]:
    """Return a set in full, with stubs of its cards."""
    series = str(card_set.get("series", ""))
    detail = {
        **set_brief(card_set),
        "serie": {"id": re.sub(r"\W+", "-", series.casefold()), "name": series},
        "releaseDate": str(card_set.get("releaseDate", "")).replace("/", "-"),
        "legal": _legal(card_set),
        "cards": [card_brief(str(card_set["id"]), card) for card in cards],
    }
    code = card_set.get("ptcgoCode")
    return detail if code is None else {**detail, "tcgOnline": code}


def card_brief(set_id: str, card: Record) -> dict[str, object]:
    """Return a card as lists name it."""
    return {
        "id": tcgdex_card_id(set_id, card),
        "localId": _local_id(set_id, card),
        "name": card["name"],
    }


def card_detail(card_set: Record, card: Record) -> dict[str, object]:
    """Return a card in full; what the record does not say is left out."""
    kinds = _price_kinds(card)
    detail = {
        **card_brief(str(card_set["id"]), card),
        "category": str(card.get("supertype", "")).replace("é", "e"),
        "illustrator": card.get("artist"),
        "rarity": card.get("rarity", "None"),
        "set": set_brief(card_set),
        "variants": {
            "normal": "normal" in kinds,
            "reverse": "reverseHolofoil" in kinds,
            "holo": any(kind.lower().endswith("holofoil") and kind != "reverseHolofoil" for kind in kinds),
            "firstEdition": any(kind.startswith("1stEdition") for kind in kinds),
        },
        "hp": int(hp) if (hp := str(card.get("hp", ""))).isdigit() else None,
        "types": card.get("types"),
        "dexId": card.get("nationalPokedexNumbers"),
        "evolveFrom": card.get("evolvesFrom"),
        "regulationMark": card.get("regulationMark"),
        "legal": _legal(card),
        "pricing": {"cardmarket": _cardmarket(card), "tcgplayer": _tcgplayer(card)},
    }
    return {name: value for name, value in detail.items() if value is not None}


def _local_id(set_id: str, card: Record) -> str:
    # Numbers repeat within a set (cel25c has four 15s), what follows the set in a card's id does not.
    local = str(card["id"]).removeprefix(f"{set_id}-")
    return local.zfill(3) if tcgdex_set_id(set_id) != set_id and local.isdigit() else local


def _legal(record: Record) -> dict[str, bool]:
    legalities = _object(record, "legalities")
    return {name: legalities.get(name) == "Legal" for name in ("standard", "expanded")}


def _price_kinds(card: Record) -> Record:
    return _object(_object(card, "tcgplayer"), "prices")


def _tcgplayer(card: Record) -> dict[str, object] | None:
    provider = _object(card, "tcgplayer")
    prices = _price_kinds(card)
    kinds = {
        theirs: {new: _object(prices, ours).get(old) for old, new in TCGPLAYER_PRICES.items()}
        for ours, theirs in TCGPLAYER_KINDS.items()
        if ours in prices
    }
    return {"updated": _moment(provider), "unit": "USD", **kinds} if kinds else None


def _cardmarket(card: Record) -> dict[str, object] | None:
    provider = _object(card, "cardmarket")
    prices = _object(provider, "prices")
    known = {new: prices[old] for old, new in CARDMARKET_PRICES.items() if old in prices}
    return {"updated": _moment(provider), "unit": "EUR", **known} if known else None


def _moment(provider: Record) -> str:
    return str(provider.get("updatedAt", "")).replace("/", "-") + "T00:00:00.000Z"


def _object(record: Record, name: str) -> Record:
    value = record.get(name)
    return value if isinstance(value, Mapping) else {}

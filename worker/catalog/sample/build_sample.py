"""Make the bundled sample anew: ``python -m worker.catalog.sample.build_sample PATH_TO_DATA``.

The data folder holds ``pokemon/sets.json``, ``pokemon/cards/<set>.json``, a page of the Pokémon TCG API with
prices and a few price objects more. Only facts are taken over: what a card is called and numbered, what it
is, how rare it is, what it cost. No text of a card, no image. The same data makes the same bytes.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from worker.catalog.sample import sample_path

SET_FACTS = ("id", "name", "series", "printedTotal", "total", "ptcgoCode", "releaseDate")
CARD_FACTS = ("id", "name", "supertype", "subtypes", "hp", "types", "number", "rarity")
FIGURES = ("low", "mid", "high", "market")

Json = Mapping[str, Any]


def build(data: Path, out: Path) -> None:
    """Write ``sets.json`` and ``cards/<set>.json`` below ``out``, one record a line."""
    pokemon = data / "pokemon"
    cards = _cards_by_set(pokemon)
    _write(out / "sets.json", (_only(facts, SET_FACTS) for facts in _sets(pokemon / "sets.json", cards)))
    for set_id, of_set in sorted(cards.items()):
        _write(out / "cards" / f"{set_id}.json", of_set.values())


def _cards_by_set(pokemon: Path) -> dict[str, dict[str, dict[str, Any]]]:
    cards = {
        path.stem: {card["id"]: _only(card, CARD_FACTS) for card in _read(path)}
        for path in sorted((pokemon / "cards").glob("*.json"))
    }
    page = _read(pokemon / "v2_cards_page_with_prices.json")["data"]
    for card in page:
        cards.setdefault(card["set"]["id"], {}).setdefault(card["id"], _only(card, CARD_FACTS))
    for priced in (*page, *_read(pokemon / "price_objects_observed.json")):
        of_set = cards.get(priced["id"].rpartition("-")[0], {})
        if priced["id"] in of_set:
            of_set[priced["id"]]["tcgplayer"] = _prices(priced["tcgplayer"])
    return cards


def _sets(path: Path, wanted: Mapping[str, object]) -> Iterator[Json]:
    return (facts for facts in _read(path) if facts["id"] in wanted)


def _prices(shop: Json) -> dict[str, Any]:
    prices = {printing: _only(figures, FIGURES) for printing, figures in shop["prices"].items()}
    return {"updatedAt": shop["updatedAt"], "prices": prices}


def _only(record: Json, keys: Iterable[str]) -> dict[str, Any]:
    return {key: record[key] for key in keys if record.get(key) is not None}


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _write(path: Path, records: Iterable[Json]) -> None:
    lines = [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("[\n" + ",\n".join(lines) + "\n]\n").encode())


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.exit("say where the data is: python -m worker.catalog.sample.build_sample PATH_TO_DATA")
    build(Path(sys.argv[1]), sample_path())

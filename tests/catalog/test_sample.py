import json
from pathlib import Path

import pytest

from worker.catalog.dump import DumpFile, count_files, read_dump
from worker.catalog.reading import CardFacts, SetFacts, read_card, read_set
from worker.catalog.sample import sample_path
from worker.catalog.sample.build_sample import build

DATA = Path(__file__).parents[3] / "shared" / "data"
FACTS = set("id name series printedTotal total ptcgoCode releaseDate".split())  # noqa: SIM905
CARD_FACTS = set("id name supertype subtypes hp types number rarity tcgplayer".split())  # noqa: SIM905


def test_the_sample_is_a_dump_without_a_fault() -> None:
    files = list(read_dump(sample_path()))

    assert all(isinstance(file, DumpFile) for file in files)
    assert len(files) == count_files(sample_path()) == 27


def test_every_record_of_the_sample_can_be_read_and_no_card_lacks_its_set() -> None:
    sets, cards = set[str](), list[CardFacts]()
    for file in read_dump(sample_path()):
        assert isinstance(file, DumpFile)
        for record in file.records:
            if file.kind == "set":
                read = read_set("pokemonapi", record, None)
                assert isinstance(read, SetFacts)
                sets.add(read.external_id)
            else:
                card = read_card("pokemonapi", record, None, file.set_hint)
                assert isinstance(card, CardFacts)
                cards.append(card)

    assert {card.set_external_id for card in cards} == sets
    assert len({card.external_id for card in cards}) == len(cards) == 441
    assert sum(bool(card.variants) for card in cards) == 43


def test_the_sample_holds_facts_and_nothing_else() -> None:
    keys: dict[str, set[str]] = {"set": set(), "card": set()}
    for file in read_dump(sample_path()):
        assert isinstance(file, DumpFile)
        for record in file.records:
            assert isinstance(record, dict)
            keys[file.kind] |= set(record)

    assert keys == {"set": FACTS, "card": CARD_FACTS}


def test_every_record_has_a_line_of_its_own() -> None:
    for path in sample_path().rglob("*.json"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(json.loads("\n".join(lines))) + 2


def test_building_the_sample_again_makes_the_same_bytes(tmp_path: Path) -> None:
    if not DATA.is_dir():
        pytest.skip("the real data is not beside this checkout")
    build(DATA, tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json")}
    kept = {path.relative_to(sample_path()): path.read_bytes() for path in sample_path().rglob("*.json")}

    assert made == kept

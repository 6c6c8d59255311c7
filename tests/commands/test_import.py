"""mintmark import cards: from files, from an archive, from the APIs (as the sandbox answers for them)."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.commands.conftest import Cli, Said
from tests.handlers.catalogue import BASE, SV151, card
from worker.sandbox.app import card_sandbox
from worker.sandbox.journal import Journal
from worker.sandbox.scenario import Fault, Scenario
from worker.sandbox.serve import served

CARDS = {
    "base1": [card("base1-4"), card("base1-5", name="Clefairy")],
    "sv3pt5": [card(f"sv3pt5-{number}", name=f"Card {number}") for number in range(1, 61)],
}
DRAIN = {"WORKER_OPS__ENABLED": "false", "WORKER_QUEUE__POLL_SECONDS": "0.05"}


def dump(folder: Path, **files: str) -> Path:
    """A dump of two sets; more files, or other contents, by name with __ for the slash."""
    contents = {"sets": json.dumps([BASE, SV151])}
    contents |= {f"cards__{name}": json.dumps(cards) for name, cards in CARDS.items()}
    for name, text in {**contents, **files}.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def told(said: Said) -> dict[str, object]:
    return {key: value for key, value in said.row().items() if key != "bad"}


def kept(url: str, source: str = "pokemonapi") -> dict[str, int]:
    with psycopg.connect(url) as connection:
        counted = "select kind, count(*) from raw_imports where source = %s group by kind"
        return dict(connection.execute(counted, (source,)).fetchall())


def test_a_folder_is_imported_and_a_second_time_nothing_of_it_is_new(
    cli: Cli, database_url: str, tmp_path: Path
) -> None:
    path = dump(tmp_path / "dump")

    first = cli("import", "cards", "--source", "dump", "--path", path, "--json")
    second = cli("import", "cards", "--source", "dump", "--path", path, "--json")

    assert first.row() == {"seen": {"set": 2, "card": 62}, "new": {"set": 2, "card": 62}, "bad": []}
    assert second.row() == {"seen": {"set": 2, "card": 62}, "new": {"set": 0, "card": 0}, "bad": []}
    assert kept(database_url) == {"set": 2, "card": 62}


@pytest.mark.parametrize("packed", [False, True], ids=["a folder", "an archive"])
def test_a_broken_file_and_a_page_of_html_are_reported_and_do_not_stop_the_others(
    cli: Cli, database_url: str, tmp_path: Path, packed: bool
) -> None:
    path = dump(
        tmp_path / "dump",
        cards__base2='[{"id": "base2-1",]',
        cards__base3="<!DOCTYPE html><title>502 Bad Gateway</title>",
        cards__base4='[{"id": "base4-1", "hp": NaN}, {"id": "base4-2", "name": "x", "number": "2"}]',
    )
    if packed:
        with tarfile.open(tmp_path / "dump.tar.gz", "w:gz") as archive:
            archive.add(path, "pokemon-tcg-data-main")
        path = tmp_path / "dump.tar.gz"

    said = cli("import", "cards", "--source", "dump", "--path", path)

    assert (said.code, said.out) == (0, "")
    assert kept(database_url) == {"set": 2, "card": 63}
    lines = said.err.splitlines()
    assert lines[:2] == ["sets: 2 seen, 2 new", "cards: 63 seen, 63 new"]
    bad = {name: next(line for line in lines if name in line) for name in ("base2", "base3", "base4")}
    assert "not JSON" in bad["base2"]
    assert "web page" in bad["base3"]
    assert "record 0: NaN is not a JSON number" in bad["base4"]


def test_an_archive_that_was_cut_off_is_imported_as_far_as_it_goes_and_said_to_be_damaged(
    cli: Cli, database_url: str, tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / "dump.tar.gz", "w:gz") as archive:
        archive.add(dump(tmp_path / "dump"), "dump")
    whole = (tmp_path / "dump.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) - 20])

    said = cli("import", "cards", "--source", "dump", "--path", tmp_path / "cut.tar.gz")

    assert said.code == 0
    assert "not imported: cut.tar.gz: the archive cannot be read to its end" in said.err
    assert kept(database_url) == {"set": 2, "card": 62}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--source", "dump", "--path", "nowhere"], "nowhere does not exist: give a folder or a .tar.gz"),
        (["--source", "dump", "--path", "."], "is not a dump of sets and cards"),
        (["--source", "tcgdex", "--path", "."], "--path goes with --source dump"),
    ],
)
def test_a_path_that_holds_no_dump_is_wrong_use(cli: Cli, options: list[str], words: str) -> None:
    said = cli("import", "cards", *options)

    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_when_nothing_could_be_read_the_import_has_failed(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "sets.json").write_text("<html>", encoding="utf-8")

    said = cli("import", "cards", "--source", "dump", "--path", tmp_path)

    assert said.code == 1
    assert "web page" in said.err


def test_a_record_with_an_id_no_index_can_hold_does_not_stop_the_others(
    cli: Cli, database_url: str, tmp_path: Path
) -> None:
    long_id = "".join(map(str, range(3000)))
    path = dump(tmp_path / "dump", cards__base2=json.dumps([{"id": long_id}, card("base2-1")]))

    said = cli("import", "cards", "--source", "dump", "--path", path)

    assert said.code == 0
    assert kept(database_url) == {"set": 2, "card": 64}


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def scenario() -> Scenario:
    return Scenario()


@pytest.fixture
def apis(journal: Journal, scenario: Scenario) -> Iterator[dict[str, str]]:
    """Settings that lead both clients to the sandbox."""
    with served(card_sandbox([BASE, SV151], CARDS, journal=journal, scenario=scenario)) as url:
        yield {"WORKER_POKEMONAPI__BASE_URL": f"{url}/v2", "WORKER_TCGDEX__BASE_URL": f"{url}/v2/en"}


@pytest.mark.parametrize("source", ["pokemonapi", "tcgdex"])
def test_an_api_is_imported_and_normalised_by_the_real_commands(
    cli: Cli, database_url: str, apis: dict[str, str], source: str
) -> None:
    said = cli("import", "cards", "--source", source, "--json", **apis)
    run = cli("run", "start", "normalize_batch", json.dumps({"source": source})).out.strip()
    cli("worker", "--drain", **DRAIN)

    found = cli("run", "show", run, "--json").row()
    assert (said.code, said.row()["new"], said.row()["bad"]) == (0, {"set": 2, "card": 62}, [])
    assert kept(database_url, source) == {"set": 2, "card": 62}
    assert found["summary"]["cards"] == {"normalized": 62, "conflicts": 0, "errors": 0, "processed": 62}


def test_what_both_apis_say_is_one_catalogue(cli: Cli, database_url: str, apis: dict[str, str]) -> None:
    for source in ("pokemonapi", "tcgdex"):
        cli("import", "cards", "--source", source, **apis)
        cli("enqueue", "normalize_batch", json.dumps({"source": source}))
        cli("worker", "--drain", **DRAIN)

    with psycopg.connect(database_url) as connection:
        counted = connection.execute(
            """
            select (select count(*) from card_sets), (select count(*) from card_prints),
                   (select count(*) from external_mappings),
                   (select count(*) from raw_imports where status <> 'normalized')
            """
        ).fetchone()
    assert counted == (2, 62, 128, 0)


def test_one_set_of_an_api_is_asked_for_alone(
    cli: Cli, database_url: str, apis: dict[str, str], journal: Journal
) -> None:
    said = cli("import", "cards", "--source", "pokemonapi", "--set", "base1", "--json", **apis)

    assert told(said) == {"seen": {"set": 2, "card": 2}, "new": {"set": 2, "card": 2}}
    assert [
        "set.id%3Abase1" in entry.query for entry in journal.entries if entry.operation == "pokemon_tcg.cards"
    ]
    assert kept(database_url) == {"set": 2, "card": 2}


def test_a_key_that_does_harm_is_left_out_and_never_shown(
    cli: Cli, database_url: str, apis: dict[str, str], scenario: Scenario, journal: Journal
) -> None:
    scenario.replace((Fault(operation="pokemon_tcg.sets", kind="refuse_key", times=None),))

    said = cli("import", "cards", "--source", "pokemonapi", WORKER_POKEMONAPI__API_KEY="k3y-0f-mine", **apis)

    assert said.code == 0
    assert kept(database_url) == {"set": 2, "card": 62}
    assert "k3y-0f-mine" not in said.out + said.err
    assert ["x-api-key" in entry.headers for entry in journal.entries][:1] == [True]
    assert "x-api-key" not in journal.entries[-1].headers


def test_a_card_that_an_api_cannot_give_is_reported_and_the_others_come(
    cli: Cli, database_url: str, apis: dict[str, str], scenario: Scenario
) -> None:
    scenario.replace((Fault(operation="tcgdex.card", kind="status", status=404, times=1),))

    said = cli("import", "cards", "--source", "tcgdex", **apis)

    assert said.code == 0
    assert kept(database_url, "tcgdex") == {"set": 2, "card": 61}
    assert "not imported: card " in said.err


def test_an_api_that_is_not_there_is_a_failure_in_a_sentence(cli: Cli) -> None:
    said = cli("import", "cards", "--source", "tcgdex", WORKER_TCGDEX__BASE_URL="http://127.0.0.1:1/v2/en")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("mintmark: ")

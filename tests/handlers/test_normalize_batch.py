"""From raw records to canonical prints: everything readable, nothing twice, nothing lost, no loop."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks.dirty_cards import dirty_catalogue
from tests.conftest import SHARED
from tests.handlers.catalogue import (
    BASE,
    SV151,
    Json,
    bring,
    bring_raw,
    card,
    events_of,
    mapped,
    normalize,
    notes,
    prints,
    statuses,
    totals,
    versions,
)
from tests.runs.scene import drain, events, items, job_states, run_row, start
from worker.catalog.importing import import_dump
from worker.catalog.sample import sample_path
from worker.db import Database
from worker.handlers.normalize_batch import Cursor

PAYLOADS = "select md5(string_agg(id || payload::text, ',' order by id)) from raw_imports"
CARDS = sorted((SHARED / "data/pokemon/cards").glob("*.json"))


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
async def test_a_real_set_comes_out_whole(
    db: Database, database_url: str, shared_data: Path, path: Path
) -> None:
    sets = _records(shared_data / "pokemon/sets.json")
    cards = [each | {"set": {"id": path.stem}} for each in _records(path)]
    await bring(db, sets, cards)

    run = await normalize(db, database_url)

    assert await totals(db, run) == {
        "sets": [len(sets), 0, 0, len(sets)],
        "cards": [len(cards), 0, 0, len(cards)],
    }
    assert {(one["id"], one["set"], one["name"], one["number"]) for one in await prints(db)} == {
        (each["id"], path.stem, each["name"], each["number"]) for each in cards
    }
    assert set(await mapped(db, "pokemonapi")) == {each["id"] for each in cards}


def _records(path: Path) -> list[Json]:
    records: list[Json] = json.loads(path.read_text(encoding="utf-8"))
    return records


def test_the_real_sets_are_there_to_be_read(shared_data: Path) -> None:
    assert len(list((shared_data / "pokemon/cards").glob("*.json"))) >= 4


async def test_the_bundled_sample_comes_out_whole_and_the_run_counts_every_row(
    db: Database, database_url: str
) -> None:
    report = await import_dump(db, sample_path())

    run = await normalize(db, database_url, "dump", jobs=3)

    expected = {kind: [new, 0, 0, new] for kind, new in report.new.items()}
    row = await run_row(db, run)
    assert await totals(db, run) == {"sets": expected["set"], "cards": expected["card"]}
    assert row["total_items"] == row["processed_items"] == sum(report.new.values())
    assert sorted(await job_states(db, run)) == ["completed"]


@pytest.mark.parametrize("seed", [3, 20260901])
async def test_the_dirt_of_the_real_catalogue_gives_exactly_what_is_true_of_it(
    db: Database, database_url: str, seed: int
) -> None:
    sets, cards, truth = dirty_catalogue(2000, seed)
    await bring(db, sets, cards)
    untouched = await db.fetchval(PAYLOADS)

    run = await normalize(db, database_url)

    row = await run_row(db, run)
    assert await totals(db, run) == {
        "sets": [truth.sets, 0, 0, truth.sets],
        "cards": [truth.readable, truth.conflicts, truth.unreadable, 2000],
    }
    assert row["total_items"] == row["processed_items"] == 2000 + truth.sets == len(await items(db, run))
    assert row["failed_items"] == truth.conflicts + truth.unreadable
    assert await db.fetchval("select count(*) from card_prints") == truth.readable
    assert await db.fetchval("select count(*) from raw_imports where status = 'pending'") == 0
    assert await db.fetchval(PAYLOADS) == untouched


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        ({"id": None}, "id_missing"),
        ({"id": 7}, "id_missing"),
        ({"id": "x" * 201}, "text_unusable"),
        ({"name": ""}, "name_missing"),
        ({"name": {"en": "Charizard"}}, "name_missing"),
        ({"number": None}, "number_missing"),
        ({"number": "1" * 41}, "number_unusable"),
        ({"set": "base1"}, "set_unusable"),
        ({"set": {"id": 1}}, "set_unusable"),
    ],
)
async def test_an_unreadable_card_is_an_error_of_its_own_with_a_code_and_what_to_do(
    db: Database, database_url: str, spoilt: Json, code: str
) -> None:
    await bring(db, [BASE], [card("base1-4"), card("base1-5", **spoilt), card("base1-6")])

    run = await normalize(db, database_url)

    assert (await totals(db, run))["cards"] == [2, 0, 1, 3]
    failed = await db.fetchrow("select error_code, error_message from worker.items where state = 'failed'")
    assert failed is not None
    assert failed["error_code"] == code
    assert ": " in failed["error_message"]
    assert await notes(db) == [failed["error_message"]]


def is_read_by_this_python(text: str) -> bool:
    try:
        json.loads(text)
    except RecursionError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        ('"base1-5"', "not_an_object"),
        ('{"id": "base1-5", "name": "x", "set": {"id": "base1"}, "number": 1e4999}', "number_unusable"),
        ("[" * 2500 + "]" * 2500, "too_deep"),
        (
            '{"id": "base1-5", "name": "x", "number": "5", "set": {"id": "base1"}, "x": '
            + "[" * 2500
            + "]" * 2500
            + "}",
            "too_deep",
        ),
    ],
    ids=["a list", "null", "a text", "a number of 5000 digits", "2500 lists", "2500 lists in a card"],
)
async def test_what_only_sql_could_have_put_there_fails_its_own_row_and_no_other(
    db: Database, database_url: str, text: str, code: str
) -> None:
    if code == "too_deep" and is_read_by_this_python(text):
        pytest.skip("this Python reads JSON that is nested so deep")
    await bring(db, [BASE], [card("base1-4")])
    await bring_raw(db, "card", text)
    await bring(db, [], [card("base1-6")])

    run = await normalize(db, database_url)

    assert (await totals(db, run))["cards"] == [2, 0, 1, 3]
    assert await db.fetchval("select error_code from worker.items where state = 'failed'") == code


async def test_an_odd_figure_far_too_long_costs_the_figure_and_not_the_card(
    db: Database, database_url: str
) -> None:
    await bring(db, [BASE], [])
    await bring_raw(
        db,
        "card",
        '{"id": "base1-5", "name": "x", "number": 5, "hp": 1e4999, "set": {"id": "base1"}, "y": 1e400}',
    )

    run = await normalize(db, database_url)

    assert (await totals(db, run))["cards"] == [1, 0, 0, 1]
    assert [(one["number"], one["hp"]) for one in await prints(db)] == [("5", None)]
    assert "hit points" in (await notes(db))[0]


async def test_an_unreadable_set_is_an_error_and_its_cards_wait(db: Database, database_url: str) -> None:
    await bring(db, [BASE, {"id": "sv3pt5"}], [card("base1-4"), card("sv3pt5-6")])

    run = await normalize(db, database_url)

    assert await totals(db, run) == {"sets": [1, 0, 1, 2], "cards": [1, 0, 0, 1]}
    assert await statuses(db) == {"base1-4": "normalized", "sv3pt5-6": "pending"}


@pytest.mark.parametrize("jobs", [1, 4])
async def test_sets_are_worked_before_cards_whatever_came_in_first(
    db: Database, database_url: str, jobs: int
) -> None:
    await bring(db, [], [card("base1-4"), card("sv3pt5-6")])
    await bring(db, [SV151, BASE], [])

    run = await normalize(db, database_url, batch_size=1, jobs=jobs)

    assert await totals(db, run) == {"sets": [2, 0, 0, 2], "cards": [2, 0, 0, 2]}
    assert jobs > 1 or await items(db, run) == ["sv3pt5", "base1", "base1-4", "sv3pt5-6"]


@pytest.mark.parametrize("jobs", [1, 4])
async def test_a_card_whose_set_is_unknown_waits_is_no_error_and_is_told_of_once(
    db: Database, database_url: str, jobs: int
) -> None:
    waiting = [card(f"new1-{number}") for number in range(1, 8)]
    await bring(db, [BASE], [*waiting, card("base1-4"), card("new2-1")])

    run = await normalize(db, database_url, jobs=jobs, batch_size=2)

    row = await run_row(db, run)
    assert (await totals(db, run))["cards"] == [1, 0, 0, 1]
    assert (row["total_items"], row["processed_items"], row["failed_items"]) == (10, 2, 0)
    [told] = await events_of(db, run, "no_progress")
    assert told == {"source": "pokemonapi", "waiting": 8, "missing_sets": ["new1", "new2"]}
    assert (await events(db, run)).count("no_progress") == 1
    assert await db.fetchval("select level from worker.run_events where event = 'no_progress'") == "warning"


async def test_a_card_that_waited_is_worked_by_a_later_run_once_its_set_has_come(
    db: Database, database_url: str
) -> None:
    await bring(db, [], [card("base1-4")])
    first = await normalize(db, database_url)
    await bring(db, [BASE], [])

    second = await normalize(db, database_url)

    assert await totals(db, first) == {"sets": [0, 0, 0, 0], "cards": [0, 0, 0, 0]}
    assert await totals(db, second) == {"sets": [1, 0, 0, 1], "cards": [1, 0, 0, 1]}
    assert await events_of(db, second, "no_progress") == []


async def test_with_nothing_to_do_a_run_completes_with_nothing_done(db: Database, database_url: str) -> None:
    run = await normalize(db, database_url, "nobody", jobs=4)

    assert await totals(db, run) == {"sets": [0, 0, 0, 0], "cards": [0, 0, 0, 0]}


@pytest.mark.parametrize("batch_size", [1, 50], ids=["apart", "in one batch"])
async def test_the_same_id_under_another_set_is_a_conflict_that_names_both(
    db: Database, database_url: str, batch_size: int
) -> None:
    await bring(db, [BASE, SV151], [card("base1-4"), card("base1-4", set={"id": "sv3pt5"}, name="Thief")])

    run = await normalize(db, database_url, batch_size=batch_size, jobs=1)

    assert (await totals(db, run))["cards"] == [1, 1, 0, 2]
    assert [(one["id"], one["set"], one["name"]) for one in await prints(db)] == [
        ("base1-4", "base1", "Charizard")
    ]
    assert (
        await db.fetchval("select error_code from worker.items where state = 'failed'")
        == "conflict_other_set"
    )
    [note] = await notes(db)
    assert "card base1-4 is in set 'Base' and this row puts it into '151'" in note
    rows = await db.fetch("select status from raw_imports where kind = 'card' order by id")
    assert [row["status"] for row in rows] == ["normalized", "conflict"]


async def test_of_two_contents_in_one_batch_the_later_one_stands(db: Database, database_url: str) -> None:
    await bring(
        db, [BASE, BASE | {"name": "Base Set"}], [card("base1-4", hp="110"), card("base1-4", hp="120")]
    )

    run = await normalize(db, database_url)

    assert await totals(db, run) == {"sets": [2, 0, 0, 2], "cards": [2, 0, 0, 2]}
    assert [one["hp"] for one in await prints(db)] == [120]
    assert await db.fetchval("select name from card_sets") == "Base Set"


async def test_a_second_identical_import_changes_nothing_at_all(db: Database, database_url: str) -> None:
    sets, cards, _ = dirty_catalogue(300, seed=5)
    await bring(db, sets, cards)
    await normalize(db, database_url)
    before, worked = await versions(db), await db.fetchval("select max(processed_at) from raw_imports")
    await bring(db, sets, cards)

    again = await normalize(db, database_url)

    assert await totals(db, again) == {"sets": [0, 0, 0, 0], "cards": [0, 0, 0, 0]}
    assert await versions(db) == before
    assert await db.fetchval("select max(processed_at) from raw_imports") == worked


async def test_records_that_say_the_same_in_other_bytes_write_no_row_anew(
    db: Database, database_url: str
) -> None:
    await bring(db, [BASE], [card("base1-4"), card("base1-5")])
    await normalize(db, database_url)
    before = await versions(db)
    await bring(
        db,
        [BASE | {"images": {"logo": "other.png"}}],
        [card("base1-4", flavorText="new"), card("base1-5", images={"small": "x"})],
    )

    run = await normalize(db, database_url)

    assert await totals(db, run) == {"sets": [1, 0, 0, 1], "cards": [2, 0, 0, 2]}
    assert await versions(db) == before


async def test_changed_content_refreshes_the_row_and_only_that(db: Database, database_url: str) -> None:
    await bring(db, [BASE], [card("base1-4"), card("base1-5")])
    await normalize(db, database_url)
    before = await versions(db)
    await bring(db, [], [card("base1-4", rarity="Promo", hp="120")])

    await normalize(db, database_url)

    after = await versions(db)
    assert {name for name in after if after[name] != before[name]} == {"print base1-4"}
    assert [(one["rarity"], one["hp"]) for one in await prints(db)] == [("Promo", 120), ("Rare Holo", None)]
    moved = await db.fetchval(
        "select updated_at > created_at from card_prints where source_card_id = 'base1-4'"
    )
    assert moved is True


async def test_a_set_may_bear_the_name_that_a_card_had_first(db: Database, database_url: str) -> None:
    await bring(db, [BASE], [card("base1-4", id="promo1")])
    await normalize(db, database_url)
    await bring(db, [BASE | {"id": "promo1", "name": "Promos"}], [card("promo1-1")])

    run = await normalize(db, database_url)

    assert await totals(db, run) == {"sets": [1, 0, 0, 1], "cards": [1, 0, 0, 1]}
    assert [(one["id"], one["set"]) for one in await prints(db)] == [
        ("promo1", "base1"),
        ("promo1-1", "promo1"),
    ]


async def test_an_id_too_long_for_an_index_is_kept_raw_and_reported_by_the_run(
    db: Database, database_url: str
) -> None:
    long_id = "".join(str(n) for n in range(5000))
    await bring(db, [BASE], [card("base1-4"), card("base1-5", id=long_id)])

    run = await normalize(db, database_url)

    assert (await totals(db, run))["cards"] == [1, 0, 1, 2]
    assert await db.fetchval("select error_code from worker.items where state = 'failed'") == "text_unusable"


async def test_a_set_that_says_another_total_than_it_has_cards_is_told_of(
    db: Database, database_url: str
) -> None:
    await bring(db, [BASE | {"total": 3}, SV151 | {"total": 1}], [card("base1-4"), card("sv3pt5-6")])

    run = await normalize(db, database_url)

    [told] = await events_of(db, run, "set_totals_off")
    assert told == {"sets": [{"source_set_id": "base1", "name": "Base", "total": 3, "counted": 1}]}


@pytest.mark.parametrize(
    ("cursor", "pending", "turned"),
    [
        (Cursor(), 5, Cursor(kind="card")),
        (Cursor(progressed=True, after=9), 5, Cursor(kind="card", progressed=True)),
        (Cursor(kind="card", after=9, progressed=True), 5, Cursor()),
        (Cursor(kind="card", after=9, waiting=2), 5, Cursor(patient=True)),
        (Cursor(kind="card", patient=True, progressed=True), 5, Cursor()),
        (
            Cursor(kind="card", patient=True, waiting=2),
            2,
            Cursor(kind="card", patient=True, waiting=2, ended=True),
        ),
        (Cursor(kind="card", waiting=2, missing=("x",)), 0, Cursor(kind="card", ended=True)),
    ],
    ids=[
        "from sets to cards",
        "a pass remembers that it got on",
        "round again after getting on",
        "patiently after not getting on",
        "less patiently once it moves",
        "to the end when nothing moves",
        "what others have done since waits no more",
    ],
)
def test_where_a_kind_has_no_more_rows_the_cursor_turns(cursor: Cursor, pending: int, turned: Cursor) -> None:
    assert cursor.turned(pending) == turned


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor("card", 7, True, True, 3, ("a", "b"), True)

    assert Cursor.read(json.loads(json.dumps(asdict(cursor)))) == cursor


@pytest.mark.parametrize(
    "params",
    [
        {"source": ""},
        {"source": "x", "batch_size": 0},
        {"source": "x", "jobs": 65},
        {"source": "x", "jobs": 0},
    ],
)
async def test_a_payload_out_of_bounds_fails_at_once_with_a_sentence(
    db: Database, database_url: str, params: dict[str, Any]
) -> None:
    await start(db, "normalize_batch", params)
    await drain(database_url)

    row = await db.fetchrow("select state::text, attempt, error_code, error_message from worker.job_history")
    assert row is not None
    assert tuple(row)[:3] == ("failed", 1, "bad_payload")
    assert row["error_message"].startswith("normalize_batch does not take this payload: ")

"""Two sources, one catalogue: they agree on a print, and the one that is believed less overwrites nothing."""

import pytest

from tests.handlers.catalogue import (
    BASE,
    SV151,
    bring,
    card,
    mapped,
    normalize,
    notes,
    prints,
    statuses,
    totals,
    versions,
)
from worker.db import Database
from worker.sandbox.tcgdex_shape import card_detail, set_detail

OURS = [
    card("sv3pt5-6", name="Charizard ex", hp="330"),
    card("sv3pt5-199", name="Charizard ex", rarity="Special"),
]
THEIR_SET = set_detail(SV151, OURS)
THEIRS = [card_detail(SV151, one) for one in OURS]


async def test_cards_of_two_sources_that_agree_are_one_print_with_two_names(
    db: Database, database_url: str
) -> None:
    await bring(db, [SV151], OURS)
    await normalize(db, database_url)
    before = {name: version for name, version in (await versions(db)).items() if "mapping" not in name}
    await bring(db, [THEIR_SET], THEIRS, "tcgdex")

    run = await normalize(db, database_url, "tcgdex")

    assert await totals(db, run) == {"sets": [1, 0, 0, 1], "cards": [2, 0, 0, 2]}
    assert await mapped(db, "tcgdex") == {"sv03.5-006": "sv3pt5-6", "sv03.5-199": "sv3pt5-199"}
    assert await mapped(db, "pokemonapi") == {"sv3pt5-6": "sv3pt5-6", "sv3pt5-199": "sv3pt5-199"}
    assert {
        name: version for name, version in (await versions(db)).items() if "mapping" not in name
    } == before


async def test_the_one_that_is_believed_more_takes_over_what_the_other_brought_first(
    db: Database, database_url: str
) -> None:
    await bring(db, [THEIR_SET], THEIRS, "tcgdex")
    await normalize(db, database_url, "tcgdex")
    await bring(db, [SV151], OURS)

    run = await normalize(db, database_url)

    assert await totals(db, run) == {"sets": [1, 0, 0, 1], "cards": [2, 0, 0, 2]}
    assert [(one["id"], one["set"], one["source"], one["number"]) for one in await prints(db)] == [
        ("sv03.5-006", "sv03.5", "pokemonapi", "6"),
        ("sv03.5-199", "sv03.5", "pokemonapi", "199"),
    ]
    assert await mapped(db, "pokemonapi") == {"sv3pt5-6": "sv03.5-006", "sv3pt5-199": "sv03.5-199"}


async def test_the_one_that_is_believed_less_cannot_rename_a_set_or_change_its_number_of_cards(
    db: Database, database_url: str
) -> None:
    await bring(db, [BASE], [])
    await normalize(db, database_url)
    await bring(db, [set_detail(BASE | {"name": "Base Set", "total": 103}, [])], [], "tcgdex")

    run = await normalize(db, database_url, "tcgdex")

    assert (await totals(db, run))["sets"] == [0, 1, 0, 1]
    row = await db.fetchrow("select name, total, source from card_sets")
    assert row is not None
    assert tuple(row) == ("Base", 102, "pokemonapi")
    [note] = await notes(db)
    assert "name 'Base' would become 'Base Set'; total 102 would become 103; if tcgdex is right" in note


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "Glurak"}, "name 'Charizard' would become 'Glurak'"),
        ({"localId": "5"}, "number '4' would become '5'"),
    ],
)
async def test_the_one_that_is_believed_less_cannot_rename_or_renumber_a_card(
    db: Database, database_url: str, change: dict[str, str], told: str
) -> None:
    await bring(db, [BASE], [card("base1-4")])
    await normalize(db, database_url)
    before = await prints(db)
    await bring(db, [set_detail(BASE, [])], [card_detail(BASE, card("base1-4")) | change], "tcgdex")

    run = await normalize(db, database_url, "tcgdex")

    assert (await totals(db, run))["cards"] == [0, 1, 0, 1]
    assert await prints(db) == before
    assert told in (await notes(db))[-1]
    assert (
        await db.fetchval("select error_code from worker.items where state = 'failed'")
        == "conflict_less_authority"
    )


async def test_a_card_that_only_one_of_them_knows_is_its_own(db: Database, database_url: str) -> None:
    await bring(db, [SV151], OURS[:1])
    await normalize(db, database_url)
    await bring(db, [THEIR_SET], THEIRS, "tcgdex")

    run = await normalize(db, database_url, "tcgdex")

    assert (await totals(db, run))["cards"] == [2, 0, 0, 2]
    assert [(one["id"], one["source"], one["set"]) for one in await prints(db)] == [
        ("sv3pt5-6", "pokemonapi", "sv3pt5"),
        ("sv03.5-199", "tcgdex", "sv3pt5"),
    ]


async def test_a_conflict_in_its_set_makes_no_card_of_the_other_source_wait_for_ever_in_silence(
    db: Database, database_url: str
) -> None:
    await bring(db, [BASE], [card("base1-4")])
    await normalize(db, database_url)
    await bring(
        db, [set_detail(BASE | {"name": "Base Set"}, [])], [card_detail(BASE, card("base1-4"))], "tcgdex"
    )

    await normalize(db, database_url, "tcgdex")

    assert await statuses(db, "set") == {"base1": "conflict"}
    assert (
        await db.fetchval("select status from raw_imports where source = 'tcgdex' and kind = 'card'")
        == "pending"
    )
    assert await db.fetchval(
        "select data ->> 'missing_sets' from worker.run_events where event = 'no_progress'"
    )


async def test_a_run_works_the_rows_of_its_own_source_and_no_other(db: Database, database_url: str) -> None:
    await bring(db, [BASE], [card("base1-4")])
    await bring(db, [set_detail(BASE, [])], [card_detail(BASE, card("base1-4"))], "tcgdex")

    await normalize(db, database_url, "tcgdex")

    rows = await db.fetch("select source, status from raw_imports order by source, kind")
    assert {row["source"]: row["status"] for row in rows} == {"pokemonapi": "pending", "tcgdex": "normalized"}

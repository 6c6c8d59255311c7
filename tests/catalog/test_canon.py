"""Finding and writing canonical rows, on the database itself."""

from dataclasses import replace
from datetime import date

import anyio
import pytest

from tests.conftest import Connect
from tests.runs.scene import until, waits_for_a_lock
from worker.catalog import canon
from worker.catalog.facts import CardFacts, SetFacts
from worker.catalog.numbers import split_number
from worker.db import Database

DAY = date(2023, 9, 22)
SET = SetFacts("sv3pt5", "151", "Scarlet & Violet", 165, 207, None, DAY, (), ())


def card(card_id: str, number: str, name: str = "Charizard ex", set_id: str = "sv3pt5") -> CardFacts:
    parts = split_number(number)
    return CardFacts(
        external_id=card_id,
        set_external_id=set_id,
        name=name,
        number=number,
        number_prefix=parts.prefix,
        number_value=parts.value,
        number_suffix=parts.suffix,
        supertype=None,
        subtypes=(),
        types=(),
        hp=None,
        rarity=None,
        artist=None,
        regulation_mark=None,
        legalities=(),
        variants=(),
        notes=(),
    )


async def put_set(db: Database, facts: SetFacts = SET, source: str = "pokemonapi") -> int:
    async with db.transaction() as connection:
        await canon.write_sets(connection, source, {facts.external_id: facts})
    found: int = await db.fetchval("select id from card_sets where source_set_id = $1", facts.external_id)
    return found


async def put(db: Database, set_id: int, *cards: CardFacts, source: str = "pokemonapi") -> None:
    async with db.transaction() as connection:
        names = {one.external_id: one.external_id for one in cards}
        await canon.write_prints(connection, source, {one.external_id: (set_id, one) for one in cards}, names)


async def find_set(db: Database, source: str, facts: SetFacts) -> str | None:
    async with db.connection() as connection:
        found = (await canon.look_up_sets(connection, source, [facts])).get(facts.external_id)
    return None if found is None else found.source_set_id


async def find(db: Database, source: str, *cards: CardFacts) -> list[str | None]:
    async with db.connection() as connection:
        contexts = await canon.look_up_cards(connection, source, cards)
    return [None if one.known is None else one.known.source_card_id for one in contexts]


async def test_a_set_is_found_by_the_sources_own_name_by_its_id_and_by_name_and_day(db: Database) -> None:
    await put_set(db)
    async with db.transaction() as connection:
        await canon.map_sets(connection, "shop", {"our-151": "sv3pt5"})

    assert (
        await find_set(db, "shop", replace(SET, external_id="our-151", name="x", release_date=None))
        == "sv3pt5"
    )
    assert await find_set(db, "shop", replace(SET, name="x", release_date=None)) == "sv3pt5"
    assert await find_set(db, "tcgdex", replace(SET, external_id="sv03.5", name="151")) == "sv3pt5"


@pytest.mark.parametrize(
    ("source", "facts"),
    [
        ("tcgdex", replace(SET, external_id="sv03.5", name="152")),
        ("tcgdex", replace(SET, external_id="sv03.5", release_date=date(2023, 9, 23))),
        ("tcgdex", replace(SET, external_id="sv03.5", release_date=None)),
        ("pokemonapi", replace(SET, external_id="sv03.5")),
    ],
    ids=["another name", "another day", "no day", "a source does not say one set twice"],
)
async def test_a_set_is_not_taken_for_another(db: Database, source: str, facts: SetFacts) -> None:
    await put_set(db)

    assert await find_set(db, source, facts) is None


async def test_a_set_that_fits_two_is_taken_for_neither(db: Database) -> None:
    await put_set(db)
    await put_set(db, replace(SET, external_id="sv3pt5b"))

    assert await find_set(db, "tcgdex", replace(SET, external_id="sv03.5")) is None


async def test_cards_are_answered_in_the_order_asked_for_with_what_is_known_of_each(db: Database) -> None:
    home = await put_set(db)
    await put(db, home, card("sv3pt5-6", "6"), card("sv3pt5-7", "7", "Squirtle"))
    asked = [
        card("sv3pt5-7", "7"),
        card("sv3pt5-9", "9"),
        card("far-1", "1", set_id="far"),
        card("sv3pt5-6", "6"),
    ]

    async with db.connection() as connection:
        contexts = await canon.look_up_cards(connection, "pokemonapi", asked)

    assert [one.known and one.known.name for one in contexts] == ["Squirtle", None, None, "Charizard ex"]
    assert [one.set_name for one in contexts] == ["151", "151", None, "151"]


async def test_a_print_of_another_source_is_found_by_set_number_and_name(db: Database) -> None:
    home = await put_set(db)
    await put(db, home, card("sv3pt5-6", "6"), card("sv3pt5-TG01", "TG01"))
    async with db.transaction() as connection:
        await canon.map_sets(connection, "tcgdex", {"sv03.5": "sv3pt5"})
    theirs = [
        card("sv03.5-006", "006", "CHARIZARD EX", "sv03.5"),
        card("sv03.5-TG1", "TG1", "Charizard ex", "sv03.5"),
        card("sv03.5-7", "7", "Charizard ex", "sv03.5"),
        card("sv03.5-06", "6", "Charizard", "sv03.5"),
    ]

    assert await find(db, "tcgdex", *theirs) == ["sv3pt5-6", "sv3pt5-TG01", None, None]


async def test_a_number_that_two_prints_bear_is_taken_for_neither_unless_the_name_tells(db: Database) -> None:
    home = await put_set(db)
    await put(
        db, home, card("a", "15", "Venusaur"), card("b", "15", "Blastoise"), card("c", "15", "Blastoise")
    )
    async with db.transaction() as connection:
        await canon.map_sets(connection, "tcgdex", {"sv03.5": "sv3pt5"})

    found = await find(
        db, "tcgdex", card("x", "15", "Venusaur", "sv03.5"), card("y", "15", "Blastoise", "sv03.5")
    )

    assert found == ["a", None]


async def test_what_a_source_calls_a_print_goes_before_what_it_looks_like(db: Database) -> None:
    home = await put_set(db)
    await put(db, home, card("sv3pt5-6", "6"), card("sv3pt5-7", "7"))
    seven = await db.fetchval("select id from card_prints where source_card_id = 'sv3pt5-7'")
    async with db.transaction() as connection:
        await canon.map_sets(connection, "tcgdex", {"sv03.5": "sv3pt5"})
        await canon.map_prints(connection, "tcgdex", {"sv3pt5-6": seven})

    assert await find(db, "tcgdex", card("sv3pt5-6", "6", set_id="sv03.5")) == ["sv3pt5-7"]


async def test_a_print_that_is_in_another_set_by_now_is_not_touched_and_the_batch_is_told(
    db: Database,
) -> None:
    home, other = await put_set(db), await put_set(db, replace(SET, external_id="base1", name="Base"))
    await put(db, home, card("sv3pt5-6", "6"))

    with pytest.raises(canon.Overtaken):
        await put(db, other, card("sv3pt5-6", "6", "Thief"), card("sv3pt5-7", "7"))

    rows = await db.fetch("select source_card_id, set_id, name from card_prints")
    assert [tuple(row) for row in rows] == [("sv3pt5-6", home, "Charizard ex")]


async def test_a_batch_that_meets_another_workers_new_print_waits_and_is_told(
    db: Database, connect: Connect
) -> None:
    home = await put_set(db)
    first = await connect()
    told: list[str] = []
    names = {"sv3pt5-6": "sv3pt5-6"}

    async def second() -> None:
        try:
            await put(db, home, card("sv3pt5-6", "6"))
        except canon.Overtaken:
            told.append("overtaken")

    async with anyio.create_task_group() as group, first.transaction():
        await canon.write_prints(first, "pokemonapi", {"sv3pt5-6": (home, card("sv3pt5-6", "6"))}, names)
        group.start_soon(second)
        await until(lambda: waits_for_a_lock(db, "%card_prints%"))

    assert told == ["overtaken"]
    await put(db, home, card("sv3pt5-6", "6"))
    assert await db.fetchval("select count(*) from card_prints") == 1


async def test_writing_what_is_there_already_writes_nothing(db: Database) -> None:
    home = await put_set(db)
    await put(db, home, card("sv3pt5-6", "6"), card("sv3pt5-7", "7"))
    versions = "select array_agg(xmin::text || ctid::text order by id) from card_prints"
    before = await db.fetchval(versions)

    await put(db, home, card("sv3pt5-6", "6"), card("sv3pt5-7", "7"))
    await put_set(db)

    assert await db.fetchval(versions) == before
    assert await db.fetchval("select count(*) from external_mappings") == 3


async def test_set_and_card_may_have_one_name_at_one_source(db: Database) -> None:
    home = await put_set(db)
    await put(db, home, card("sv3pt5", "1"))

    assert await find(db, "pokemonapi", card("sv3pt5", "1")) == ["sv3pt5"]
    assert await db.fetchval("select count(*) from external_mappings where external_id = 'sv3pt5'") == 2


async def test_sets_that_hold_as_many_cards_as_they_say_are_not_told_of(db: Database) -> None:
    full = await put_set(db, replace(SET, total=1))
    short = await put_set(db, replace(SET, external_id="base1", name="Base", total=3))
    await put(db, full, card("sv3pt5-6", "6"))
    await put(db, short, card("base1-4", "4"))
    await put_set(db, replace(SET, external_id="empty", name="Empty", total=9))

    off = await canon.totals_off(db, "pokemonapi")

    assert off == [{"source_set_id": "base1", "name": "Base", "total": 3, "counted": 1}]

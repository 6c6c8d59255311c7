"""Line items resolve to prints: verified SKUs first, then external mappings, then titles."""

from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from tests.catalog import shelves
from tests.conftest import Connect
from tests.docs.pages import table
from tests.rig import as_worker
from worker.catalog.matching import Listing, Match, remember, resolve
from worker.db import Database, open_database
from worker.errors import UserError

ORG = UUID("00000000-0000-0000-0000-000000000001")
OTHER_ORG = UUID(int=0xB)
Ids = dict[str, int]


@pytest.fixture
async def ids(db: Database) -> Ids:
    """The sample's catalogue; prints by the ids of their cards."""
    found = await shelves.fill(db, shelves.sample().with_all(shelves.by_hand()))
    await db.execute("insert into orgs (id, name) values ($1, 'other')", OTHER_ORG)
    return {card: one for one, card in found.items()}


async def one(db: Database, title: str = "", *, org: UUID = ORG, **listing: str) -> Match:
    async with db.connection() as connection:
        [found] = await resolve(connection, org, [Listing(title, **listing)])
    return found


async def keep(db: Database, sku: str, card_print: int, *, verified: bool, org: UUID = ORG) -> bool:
    async with db.connection() as connection:
        return await remember(connection, org, "ebay", sku, card_print, verified=verified, source="manual")


async def test_a_verified_sku_goes_before_what_the_title_says(db: Database, ids: Ids) -> None:
    await keep(db, "CHZ-1", ids["base1-4"], verified=True)

    found = await one(db, "Pikachu 58/102 Base Set", sku="  chz-1 ")

    assert (found.card_print_id, found.how, found.score, found.why) == (
        ids["base1-4"],
        "sku",
        Decimal(1),
        "mapped",
    )


async def test_an_unverified_sku_maps_nothing(db: Database, ids: Ids) -> None:
    await keep(db, "CHZ-1", ids["base1-4"], verified=False)

    found = await one(db, "Pikachu 58/102 Base Set", sku="CHZ-1")

    assert (found.card_print_id, found.how) == (ids["base1-58"], "title")


async def test_a_sku_is_its_orgs_own(db: Database, ids: Ids) -> None:
    await keep(db, "CHZ-1", ids["base1-4"], verified=True)

    assert (await one(db, "a card", sku="CHZ-1", org=OTHER_ORG)).card_print_id is None


async def test_a_sku_belongs_to_its_platform(db: Database, ids: Ids) -> None:
    await keep(db, "CHZ-1", ids["base1-4"], verified=True)

    async with db.connection() as connection:
        [found] = await resolve(connection, ORG, [Listing("a card", sku="CHZ-1")], platform="blokpax")

    assert found.card_print_id is None


async def test_the_printing_that_a_sku_tells_comes_with_the_match(db: Database, ids: Ids) -> None:
    async with db.connection() as connection:
        given = (ORG, "ebay", "CHZ-1ST", ids["base1-4"])
        await remember(connection, *given, verified=True, source="csv", variant="1stEditionHolofoil")

    assert (await one(db, sku="chz-1st")).variant == "1stEditionHolofoil"


async def map_item(db: Database, card_print: int) -> None:
    await db.execute(
        "insert into external_mappings (source, external_id, card_print_id)"
        " values ('ebay', '256789012345', $1), ('ebay', 'epid:77', $1)",
        card_print,
    )


async def test_an_item_or_a_product_of_ebay_that_is_mapped_needs_no_title(db: Database, ids: Ids) -> None:
    await map_item(db, ids["base1-4"])

    found = [await one(db, external_id=name) for name in ("256789012345", "epid:77")]

    assert [(m.card_print_id, m.how, m.score) for m in found] == [
        (ids["base1-4"], "external", Decimal(1))
    ] * 2


async def test_a_sku_that_is_the_id_of_a_card_is_an_external_mapping_when_it_is_exact(
    db: Database, ids: Ids
) -> None:
    exact, longer = await one(db, "a card", sku="base1-4"), await one(db, "a card", sku="base1-44-NM")

    assert (exact.card_print_id, exact.how) == (ids["base1-4"], "external")
    assert longer.card_print_id is None


SILENT = ["", "256789012345", "Pokemon holo card", "Base Set 4/102", "Charizard", "Charazard Base Set holo"]


@pytest.mark.parametrize("title", [*SILENT, "Charizard with toploader", "Pokemon Charizard #4 holo"])
async def test_a_claim_maps_where_the_title_does_not_speak_against_it(
    db: Database, ids: Ids, title: str
) -> None:
    await map_item(db, ids["base1-4"])

    by_sku, by_item = await one(db, title, sku="base1-4"), await one(db, title, external_id="256789012345")

    assert [by_sku, by_item] == [Match(ids["base1-4"], "external", Decimal(1), (), "mapped")] * 2


AGAINST = [
    ("LOT of 50 cards Japanese", "other_language"),
    ("LOT of 50 cards", "not_a_single"),
    ("\N{KATAKANA LETTER RI}\N{KATAKANA LETTER ZA}", "other_language"),
    ("Pick your card Charizard 4/102 Blastoise 2/102", "not_a_single"),
    ("Pick your card \N{HORIZONTAL ELLIPSIS} Blastoise 2/102", "not_a_single"),
    ("Choose: Squirtle 63/102", "not_a_single"),
    ("Charizard 4/102 Base Set signed", "other_product"),
    ("Charizard 4/102 Blastoise 2/102", "two_cards"),
    ("Charizard and Blastoise", "two_cards"),
    ("Blastoise", "conflict"),
    ("Blastoise 2/102", "conflict"),
    ("2/102", "conflict"),
    ("Charizard #6", "conflict"),
    ("Charizard Jungle", "conflict"),
    ("Charizard 4/130", "conflict"),
    ("Charizard VMAX", "conflict"),
    ("Dark Charizard", "conflict"),
    ("Charizard 2021", "conflict"),
    ("Energy Removal Base Set", "conflict"),
]


@pytest.mark.parametrize(("title", "why"), AGAINST)
async def test_a_claim_maps_nothing_where_the_title_speaks_against_it(
    db: Database, ids: Ids, title: str, why: str
) -> None:
    await map_item(db, ids["base1-4"])

    by_sku, by_item = await one(db, title, sku="base1-4"), await one(db, title, external_id="256789012345")

    assert [(m.card_print_id, m.how, m.why) for m in (by_sku, by_item)] == [(None, None, why)] * 2


async def test_both_cards_of_a_conflict_are_kept_for_review(db: Database, ids: Ids) -> None:
    found = await one(db, "Blastoise 2/102 Base Set", sku="base1-4")

    assert {c.card_print_id for c in found.candidates} == {ids["base1-2"], ids["base1-4"]}


async def test_an_unnamed_card_is_believed_of_a_mapping_that_was_made_and_not_of_a_sku_that_looks_so(
    db: Database, ids: Ids
) -> None:
    await map_item(db, ids["base1-4"])

    by_item = await one(db, "fire dragon see photos", external_id="256789012345")
    by_sku = await one(db, "fire dragon see photos", sku="base1-4")

    assert (by_item.card_print_id, by_sku.card_print_id, by_sku.why) == (ids["base1-4"], None, "conflict")


async def test_a_sku_that_two_sources_give_to_two_cards_says_nothing(db: Database, ids: Ids) -> None:
    await db.execute(
        "insert into external_mappings (source, external_id, card_print_id) values ('tcgdex', 'base1-4', $1)",
        ids["base1-2"],
    )

    assert (await one(db, "a card", sku="base1-4")).card_print_id is None


async def test_a_title_that_maps_has_a_score_above_nine_tenths_and_no_candidates(
    db: Database, ids: Ids
) -> None:
    found = await one(db, "Charizard 4/102 Base Set")

    assert found == Match(ids["base1-4"], "title", Decimal("1.000"), (), "mapped")


async def test_a_tie_stays_open_with_its_candidates(db: Database, ids: Ids) -> None:
    found = await one(db, "Pokemon Charizard #4 holo")

    assert (found.card_print_id, found.how, found.why) == (None, None, "tie")
    assert [c.source_card_id for c in found.candidates] == ["base1-4", "base4-4", "cel25c-4"]
    assert all(c.card_print_id == ids[c.source_card_id] and c.score <= found.score for c in found.candidates)


@pytest.mark.usefixtures("ids")
async def test_two_prints_with_one_name_number_and_total_are_a_tie(db: Database) -> None:
    await db.execute(
        """
        with twin as (insert into card_sets (game, source, source_set_id, name, printed_total)
                      values ('pokemon', 'x', 'twin', 'Twin Stars', 102) returning id)
        insert into card_prints (game, source_card_id, source, set_id, name, number, number_prefix,
                                 number_value, number_suffix, subtypes, types, legalities, variants)
        select 'pokemon', 'twin-4', 'x', id, 'Charizard', '4', '', 4, '', '{}', '{}', '{}', '{}' from twin
        """
    )

    without, beside = await one(db, "Charizard 4/102"), await one(db, "Charizard 4/102 Twin Stars")

    assert (without.why, [c.source_card_id for c in without.candidates][:2]) == ("tie", ["base1-4", "twin-4"])
    assert beside.why == "mapped"


REASONS = [
    ("Charizard #4", "tie"),
    ("", "no_title"),
    ("256789012345", "no_title"),
    ("Japanese Charizard 4/102 Base Set", "other_language"),
    ("Charizard 4/102 Base Set proxy", "not_a_single"),
    ("Charizard 4/102 Base Set signed", "other_product"),
    ("Charizard 4/102 Blastoise 2/102", "two_cards"),
    ("Charizard 4/102 and Blastoise", "two_cards"),
    ("Charizard Base Set", "no_number"),
    ("Morgan Dollar 1921 #999", "no_print"),
    ("Charizard 4/102 Jungle", "low_score"),
    ("Charizard 4/103 Base Set", "low_score"),
]


@pytest.mark.parametrize(("title", "why"), REASONS)
@pytest.mark.usefixtures("ids")
async def test_what_does_not_map_says_why(db: Database, title: str, why: str) -> None:
    found = await one(db, title)

    assert (found.card_print_id, found.how, found.why) == (None, None, why)


@pytest.mark.usefixtures("ids")
async def test_a_title_without_a_number_keeps_what_it_may_be_for_review(db: Database) -> None:
    found = await one(db, "Charizard Base Set holo")

    assert [c.source_card_id for c in found.candidates] == ["base1-4"]


@pytest.mark.usefixtures("ids")
async def test_at_most_five_candidates_are_kept_the_best_first(db: Database) -> None:
    await db.execute(
        """
        with made as (insert into card_sets (game, source, source_set_id, name, printed_total)
                      select 'pokemon', 'x', 'made' || n, 'Made ' || n, 300 + n from generate_series(1, 8) n
                      returning id, source_set_id)
        insert into card_prints (game, source_card_id, source, set_id, name, number, number_prefix,
                                 number_value, number_suffix, subtypes, types, legalities, variants)
        select 'pokemon', source_set_id || '-4', 'x', id, 'Charizard', '4', '', 4, '', '{}', '{}', '{}', '{}'
          from made
        """
    )

    found = await one(db, "Charizard #4")

    assert len(found.candidates) == 5
    assert [c.score for c in found.candidates] == sorted((c.score for c in found.candidates), reverse=True)


@pytest.mark.usefixtures("ids")
async def test_what_a_title_means_does_not_depend_on_the_others_of_its_page(db: Database) -> None:
    titles = [
        "Charizard #4",
        "Pikachu Base Set 58",
        "Charizard TG03/TG30",
        "Blastoise 2/102",
        "",
        "Charizard #4",
    ]

    async with db.connection() as connection:
        together = await resolve(connection, ORG, [Listing(title) for title in titles])

    assert together == [await one(db, title) for title in titles]


@pytest.mark.usefixtures("ids")
async def test_a_page_of_six_hundred_is_three_statements_and_reads_no_table_through(
    db: Database, connect: Connect
) -> None:
    crowd = shelves.made(shelves.by_hand().sets.values(), ["Charizard", "Pikachu", "Mew ex"], 150, seed=5)
    await db.execute("truncate card_sets cascade")
    await shelves.fill(db, crowd)
    connection, said = await connect(), list[str]()
    await resolve(connection, ORG, [Listing("warm", sku="up")])  # The driver asks about types but once.
    connection.add_query_logger(lambda query: said.append(query.query))
    page = [
        Listing(title, sku=f"sku-{number}", external_id=str(number))
        for number in range(150)
        for title in (
            f"Charizard {number}/102",
            f"Pikachu SWSH{number}",
            f"Mew ex #{number}",
            "Pikachu Jungle",
        )
    ]

    async with connection.transaction():
        found = await resolve(connection, ORG, page)
        read_through = await scanned(connection)

    assert (len(found), len([query for query in said if "public." in query])) == (600, 3)
    assert not read_through & {"card_prints", "external_mappings"}


async def scanned(connection: "asyncpg.Connection[asyncpg.Record]") -> set[str]:
    """The tables that this transaction has read from end to end."""
    rows = await connection.fetch("select relname from pg_stat_xact_user_tables where seq_tup_read > 0")
    return {row["relname"] for row in rows}


async def test_nothing_to_resolve_asks_nothing(connect: Connect) -> None:
    connection, said = await connect(), list[str]()
    connection.add_query_logger(lambda query: said.append(query.query))

    assert await resolve(connection, ORG, []) == []
    assert said == []


async def test_an_empty_catalogue_maps_nothing(db: Database) -> None:
    assert (await one(db, "Charizard 4/102 Base Set")).why == "no_print"


async def test_a_verified_sku_is_overwritten_by_a_person_alone(db: Database, ids: Ids) -> None:
    await keep(db, "A1", ids["base1-4"], verified=True)

    by_machine = await keep(db, "a1", ids["base1-2"], verified=False)
    after_machine = (await one(db, sku="A1")).card_print_id
    by_person = await keep(db, "A1 ", ids["base1-15"], verified=True)

    assert (by_machine, after_machine) == (False, ids["base1-4"])
    assert (by_person, (await one(db, sku="A1")).card_print_id) == (True, ids["base1-15"])


async def test_a_guess_is_replaced_by_a_better_one_and_kept_with_its_score(db: Database, ids: Ids) -> None:
    async with db.connection() as connection:
        for card, score in (("base1-2", "0.91"), ("base1-4", "0.95")):
            given = (ORG, "ebay", "Z9", ids[card])
            assert await remember(connection, *given, verified=False, source="auto", score=Decimal(score))

    rows = await db.fetch("select sku, card_print_id, score, verified, source from sku_mappings")

    assert [tuple(row) for row in rows] == [("z9", ids["base1-4"], Decimal("0.950"), False, "auto")]


async def test_a_sku_of_blanks_and_a_print_that_is_not_there_are_refused(db: Database, ids: Ids) -> None:
    with pytest.raises(UserError, match="a character at least"):
        await keep(db, "  ", ids["base1-4"], verified=True)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await keep(db, "A1", -1, verified=True)


async def test_a_worker_resolves_and_remembers_with_its_own_rights(database_url: str, ids: Ids) -> None:
    async with open_database(as_worker(database_url), size=2) as worker:
        assert await keep(worker, "W1", ids["base1-4"], verified=False)
        assert await keep(worker, "W1", ids["base1-4"], verified=True)
        assert (await one(worker, "anything", sku="W1")).how == "sku"


@pytest.mark.usefixtures("ids")
async def test_the_page_tells_the_scores_and_the_reasons_that_there_are(db: Database) -> None:
    told = {title: score for title, score, _ in table("mapping.md", "title", "score", "")}
    reasons = [row[0] for row in table("mapping.md", "why", "it means", "what to do")]

    assert {title: str((await one(db, title)).score) for title in told} == told
    assert set(reasons) == {"mapped", *(why for _, why in REASONS + AGAINST)}

"""mintmark import inventory: every row is taken, or told with the reason why it was not."""

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest

from tests.commands.conftest import Cli

PRINT = """
with one as (
    insert into card_sets (game, source, source_set_id, name, printed_total)
    values ('pokemon', 'x', 'base1', 'Base', 102) returning id
), made as (
    insert into card_prints (game, source, source_card_id, set_id, name, number, number_prefix, number_value,
                             number_suffix, supertype, subtypes, types, legalities, variants)
    select 'pokemon', 'x', 'base1-4', one.id, 'Charizard', '4', '', 4, '', 'Pokémon', '{}', '{}', '{}', '{}'
      from one
    returning id
), named as (
    insert into external_mappings (source, external_id, card_print_id)
    select 'pokemonapi', 'base1-4', made.id from made
)
select id from made
"""
SKU = """
insert into sku_mappings (org_id, platform, sku, card_print_id, verified, source)
values ('00000000-0000-0000-0000-000000000001', %s, %s, %s, true, 'manual')
"""
ROWS = """
select s.platform, s.platform_seller_id, i.platform_listing_id, i.quantity, i.price, i.currency::text, i.notes
  from seller_inventory i join sellers s on s.id = i.seller_id order by 1, 2, 3
"""


Shop: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        row = connection.execute(PRINT).fetchone()
        assert row
        for sku in ("chz-1", "chz-2", "chz-3", "chz-4", "chz-5"):
            connection.execute(SKU, ("ebay", sku, row[0]))
        yield connection


def file(folder: Path, text: str | bytes) -> Path:
    path = folder / "stock.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_rows_are_taken_by_sku_title_and_print_and_prices_are_read_as_people_write_them(
    cli: Cli, shop: Shop, tmp_path: Path
) -> None:
    path = file(
        tmp_path,
        "\ufeffSeller_ID,SKU,Quantity,Price,Notes,Title,Print,Platform\r\n"
        'Anna,CHZ-1,2,"$1,234.50",=1+1,,,\r\n'
        "anna,chz-2,0,,,,,\r\n"
        'anna,chz-3,"1,000","1.234,5 €",,,,\r\n'
        "anna,free-1,1,EUR 3,,Charizard 4/102 Base Set,,\r\n"
        "anna,free-2,1,3.00,,,pokemonapi:base1-4,\r\n"
        f"0x{'AB' * 20},free-3,1,3.00,,,pokemonapi:base1-4,Blokpax\r\n",
    )

    said = cli("import", "inventory", path, "--platform", "ebay", "--json")

    assert said.row() == {
        "read": 6,
        "new": 6,
        "changed": 0,
        "unchanged": 0,
        "dry_run": False,
        "not_taken": [],
    }
    assert shop.execute(ROWS).fetchall() == [
        ("blokpax", f"0x{'ab' * 20}", "sku:free-3", 1, Decimal("3.00"), "USD", None),
        ("ebay", "anna", "sku:chz-1", 2, Decimal("1234.50"), "USD", "'=1+1"),
        ("ebay", "anna", "sku:chz-2", 0, None, "USD", None),
        ("ebay", "anna", "sku:chz-3", 1000, Decimal("1234.50"), "EUR", None),
        ("ebay", "anna", "sku:free-1", 1, Decimal("3.00"), "EUR", None),
        ("ebay", "anna", "sku:free-2", 1, Decimal("3.00"), "USD", None),
    ]


BAD = [
    (",chz-1,1,1", "no_seller"),
    ("anna,,1,1", "no_card"),
    ("anna,nobody-knows,1,1", "unmapped_sku"),
    ("anna,chz-1,-1,1", "bad_quantity"),
    ("anna,chz-1,two,1", "bad_quantity"),
    ("anna,chz-1,,1", "bad_quantity"),
    ("anna,chz-1,9999999999,1", "bad_quantity"),
    ("anna,chz-1,1,-5", "bad_price"),
    ("anna,chz-1,1,15%", "bad_price"),
    ("anna,chz-1,1,1.234", "bad_price"),
    ("anna,chz-1,1,nan", "bad_price"),
    ("anna,chz-1,1,99999999999", "bad_price"),
    ("anna,=HYPERLINK(1),1,1", "formula"),
    ("@anna,chz-1,1,1", "formula"),
    ("anna,chz\0,1,1", "unstorable"),
    ("anna,chz-1,1,1,9", "columns"),
    (f"anna,{'x' * 501},1,1", "too_long"),
]


def test_a_row_that_cannot_be_used_is_told_with_its_line_and_a_code_and_stops_no_other(
    cli: Cli, shop: Shop, tmp_path: Path
) -> None:
    lines = [
        "seller_identifier,sku,quantity,price",
        *(line for line, _ in BAD),
        "ben,chz-5,1,1",
    ]

    said = cli("import", "inventory", file(tmp_path, "\n".join(lines)), "--platform", "ebay", "--json")

    row = said.row()
    assert said.code == 0
    assert [(one["line"], one["code"]) for one in row["not_taken"]] == [
        (number, code) for number, (_, code) in enumerate(BAD, 2)
    ]
    assert [one[1] for one in shop.execute(ROWS).fetchall()] == ["ben"]
    assert all(one["sku"] is None or not one["sku"].startswith("=") for one in row["not_taken"])


def test_the_same_file_again_changes_nothing_and_a_dry_run_writes_nothing(
    cli: Cli, shop: Shop, tmp_path: Path
) -> None:
    path = file(tmp_path, "seller_id,sku,quantity,price\nanna,chz-1,1,5\nanna,chz-2,2,\n")
    versions = "select xmin::text, id from seller_inventory union all select xmin::text, id from sellers"

    tried = cli("import", "inventory", path, "--platform", "ebay", "--dry-run", "--json").row()
    assert shop.execute(versions).fetchall() == []
    cli("import", "inventory", path, "--platform", "ebay")
    before = shop.execute(versions).fetchall()
    again = cli("import", "inventory", path, "--platform", "ebay", "--json").row()
    path.write_text("seller_id,sku,quantity,price\nanna,chz-1,1,6\n")
    dry = cli("import", "inventory", path, "--platform", "ebay", "--json", "--dry-run").row()

    assert shop.execute(versions).fetchall() == before
    assert [(one["new"], one["changed"], one["unchanged"]) for one in (tried, again, dry)] == [
        (2, 0, 0),
        (0, 0, 2),
        (0, 1, 0),
    ]


def test_of_rows_about_one_thing_the_last_counts_and_the_others_are_told(
    cli: Cli, shop: Shop, tmp_path: Path
) -> None:
    path = file(tmp_path, "seller_id,sku,quantity,price\nanna,chz-1,1,5\nAnna,CHZ-1,3,6\n")

    said = cli("import", "inventory", path, "--platform", "ebay")

    assert "2 read, 1 new, 0 changed, 0 unchanged, 1 not taken" in said.err
    assert "line 3 is about the same thing, and counts" in said.out
    assert [one[3] for one in shop.execute(ROWS).fetchall()] == [3]


def test_a_file_of_windows_is_read_as_it_was_meant(cli: Cli, shop: Shop, tmp_path: Path) -> None:
    text = "seller_id;sku;quantity;price;notes\r\nanna;chz-1;1;€ 3,50;Pok\xe9mon\r\n"

    cli("import", "inventory", file(tmp_path, text.encode("cp1252")), "--platform", "ebay")

    [row] = shop.execute(ROWS).fetchall()
    assert row[3:] == (1, Decimal("3.50"), "EUR", "Pok\xe9mon")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column seller_identifier, quantity, sku"),
        ("sku,quantity\n", "no column seller_identifier"),
        ("seller_id,quantity\n", "no column sku"),
        ("seller_id,seller_identifier,sku,quantity\n", "the column seller_identifier more than once"),
    ],
)
def test_a_file_that_is_no_such_table_is_wrong_use(cli: Cli, tmp_path: Path, text: str, words: str) -> None:
    said = cli("import", "inventory", file(tmp_path, text), "--platform", "ebay")

    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_where_no_row_could_be_taken_the_import_has_failed(cli: Cli, tmp_path: Path) -> None:
    said = cli("import", "inventory", file(tmp_path, "seller_id,sku,quantity\na,b,1\n"), "--platform", "x")

    assert said.code == 1
    assert cli("import", "inventory", tmp_path / "none.csv", "--platform", "x").code == 2


@pytest.mark.usefixtures("shop")
@pytest.mark.timeout(120)
def test_ten_thousand_rows_are_taken_and_a_thousand_take_no_half_minute(cli: Cli, tmp_path: Path) -> None:
    lines = [f"s{n % 50},new-{n},1,1.00,Charizard 4/102 Base Set" for n in range(10_000)]
    path = file(tmp_path, "\n".join(["seller_id,sku,quantity,price,title", *lines]))

    began = time.perf_counter()
    said = cli("import", "inventory", path, "--platform", "ebay", "--json").row()

    assert (said["new"], said["not_taken"]) == (10_000, [])
    assert (time.perf_counter() - began) / 10 < 30

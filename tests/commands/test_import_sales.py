"""mintmark import sales, mintmark import finding: what they say, and how they exit."""

import json
from pathlib import Path

import psycopg
import pytest

from tests.commands.conftest import Cli

SALES = (
    "title;price;sold_at;item_id\nCharizard 4/102;12,50 €;2026-11-01;A1\nBlastoise 2/102;20%;2026-11-01;A2\n"
)
SOLD = {
    "itemId": ["1"],
    "title": ["Charizard 4/102 Base Set NM"],
    "sellingStatus": [
        {"currentPrice": [{"@currencyId": "USD", "__value__": "63.0"}], "sellingState": ["EndedWithSales"]}
    ],
    "listingInfo": [{"listingType": ["Auction"], "endTime": ["2016-02-10T03:28:18.000Z"]}],
}


def observed(url: str) -> list[tuple[str, str, str]]:
    with psycopg.connect(url) as connection:
        statement = "select source, basis, unit_price::text from public.price_observations order by id"
        return connection.execute(statement).fetchall()


def test_sales_come_in_and_a_bad_row_is_told(cli: Cli, tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "sold.csv"
    file.write_bytes(b"\xef\xbb\xbf" + SALES.replace("\n", "\r\n").encode())

    said = cli("import", "sales", file, "--json")

    assert said.code == 0
    row = said.row()
    assert {name: row[name] for name in ("rows", "new", "dry_run")} == {"rows": 2, "new": 1, "dry_run": False}
    [bad] = row["bad"]
    assert (bad["row"], bad["code"]) == ("line 3", "bad_price")
    assert observed(database_url) == [("sales_csv", "sold", "12.50")]


def test_a_dry_run_says_what_would_be_and_leaves_nothing(cli: Cli, tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "sold.csv"
    file.write_text(SALES, encoding="utf-8")

    said = cli("import", "sales", file, "--dry-run")

    assert (said.code, said.out) == (0, "")
    assert "1 would be new" in said.err
    assert "line 3" in said.err
    assert observed(database_url) == []


def test_kept_rows_of_the_retired_api_come_in(cli: Cli, tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "finding.json"
    file.write_text(json.dumps([SOLD]), encoding="utf-8")

    first, second = (cli("import", "finding", file, "--json").row() for _ in range(2))

    assert (first["new"], second["new"], second["unchanged"]) == (1, 0, 1)
    assert observed(database_url) == [("ebay_finding", "sold", "63.00")]


@pytest.mark.parametrize(
    ("command", "content", "code"),
    [
        ("sales", "no, table\n", 2),
        ("sales", "title,price,sold_at\nx,20%,2026-11-01\n", 1),
        ("finding", "<html>", 2),
        ("finding", "{}", 1),
    ],
)
def test_what_cannot_be_read_is_refused(
    cli: Cli, tmp_path: Path, command: str, content: str, code: int
) -> None:
    file = tmp_path / "file"
    file.write_text(content, encoding="utf-8")

    said = cli("import", command, file)

    assert said.code == code
    assert said.err


def test_a_file_or_a_source_that_is_not_there_is_wrong_use(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "sold.csv"
    file.write_text(SALES, encoding="utf-8")

    assert cli("import", "sales", tmp_path / "nowhere").code == 2
    other = cli("import", "sales", file, "--source", "tcgplayer")
    assert (other.code, "there is sales_csv" in other.err) == (2, True)

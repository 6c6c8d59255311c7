"""Every code that a person may meet stands on the page of errors, and none that nobody can meet."""

import ast
import re
from collections.abc import Iterator

from tests.docs.pages import ROOT, table
from worker.catalog import strict_json
from worker.catalog.dump_store import NotADump
from worker.cli import WRONG_USE
from worker.errors import MintmarkError, Refused
from worker.migrate import MigrationFailed

PACKAGE = ROOT / "worker"
MIGRATIONS = "".join(path.read_text("utf-8") for path in (ROOT / "migrations").glob("*.sql"))


def calls(*names: str) -> Iterator[ast.Call]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                yield node


def codes(place: int, *names: str) -> set[str]:
    """The texts that stand in that place of the calls; whatever is not a plain text is passed over."""
    given = [call.args[place] for call in calls(*names) if len(call.args) > abs(place) - (place < 0)]
    return {one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def told(*header: str) -> set[str]:
    return {row[0] for row in table("errors.md", *header)}


def family(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__.startswith("worker."):
            yield from family(child)


def test_every_sqlstate_is_told() -> None:
    raised = set(re.findall(r"errcode = '(MM\d+)'", MIGRATIONS))

    assert told("SQLSTATE", "means", "exit", "what to do") == raised


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    exits = {row[0]: row[2] for row in table("errors.md", "SQLSTATE", "means", "exit", "what to do")}

    assert {state for state, code in exits.items() if code == "2"} == WRONG_USE


def test_every_code_with_which_a_job_may_end_is_told() -> None:
    ours = codes(0, "Fail", "Retry")
    written = set(re.findall(r"\"(crashed|bad_result|unwritable)\"", _source("queue")))

    assert told("code", "what happened", "what the worker does", "what to do") == ours | written


def _source(room: str) -> str:
    return "".join(path.read_text("utf-8") for path in (PACKAGE / room).glob("*.py"))


def test_every_error_of_our_own_tree_is_told() -> None:
    assert {NotADump, MigrationFailed} <= set(family(MintmarkError))

    known = {
        getattr(one, "code", "")
        for one in family(MintmarkError)
        if one is not Refused and not issubclass(one, strict_json.BadJson)
    }

    assert told("code", "means", "ending") == known


def test_every_code_of_an_unreadable_record_is_told() -> None:
    assert told("code", "what is wrong with the record") == codes(0, "Unreadable", "Conflict")


def test_every_code_that_the_database_gives_an_item_is_told() -> None:
    migrations = "".join(path.read_text("utf-8") for path in (PACKAGE.parent / "migrations").glob("*.sql"))
    closing = (PACKAGE / "runs" / "closing.sql").read_text("utf-8")
    given = set(re.findall(r"fail_item\([\w$., ]+'(\w+)'", migrations + closing))

    assert told("code", "what happened to the item") == given


def test_every_code_of_a_row_of_sales_is_told() -> None:
    said = {"no_price", "no_date", "no_such_print", "not_sold", "bad_record", "bad_text", "bad_price"}

    assert told("code", "what is wrong with the row") == codes(0, "BadCell") | said


def test_every_code_of_a_bad_file_is_told() -> None:
    records = {getattr(one, "code", "") for one in family(strict_json.BadJson)}

    assert told("code", "what is wrong") == codes(1, "BadFile") | records

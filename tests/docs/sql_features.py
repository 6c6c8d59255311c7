"""What of Postgres our statements use: read from their text, statement by statement, function by function."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.docs.pages import ROOT
from worker.db import statements

MIGRATIONS = sorted(
    path for path in (ROOT / "migrations").glob("*.sql") if not path.stem.endswith("rollback")
)
FILES = sorted((ROOT / "worker").rglob("*.sql"))
COMMENT = re.compile(r"--[^\n]*")
CREATED = re.compile(
    r"create (?:or replace )?function (?P<name>[\w.]+)\s*\(.*?as (?P<quote>\$\w*\$).*?(?P=quote)[^;]*;",
    re.DOTALL,
)
DROPPED = re.compile(r"drop function (?:if exists )?([\w.]+)")
BODY = re.compile(r"(\$\w*\$).*?\1", re.DOTALL)

FEATURES: Mapping[str, str] = {
    "for update skip locked": r"skip locked",
    "for update": r"for update(?! (of \w+ )?skip locked)(?! of \w+ skip)",
    "for no key update, for share, for key share": r"for (no key update|share|key share)",
    "a CTE that writes": r"(\bas (materialized )?\(\s*(insert into|update|delete from))",
    "with recursive": r"with recursive",
    "with … as materialized": r"as (not )?materialized",
    "lateral": r"\blateral\b",
    "window functions": r"\bover \(",
    "distinct on": r"distinct on",
    "insert … on conflict": r"on conflict",
    "update … from, delete … using": (
        r"(\bupdate [\w.]+(?: \w+)?\s+set\b[^;]*?\bfrom\b|delete from [\w.]+(?: \w+)? using)"
    ),
    "arrays as parameters, unnest": r"\bunnest\(|any\s*\((\$|[\w.]+\b)|\$\d+::[\w.]+\[\]",
    "jsonb": r"\bjsonb|->>?|#>",
    "range types": r"\b(tstzrange|daterange|int8range|numrange)\b|<@|@>",
    "ctid": r"\bctid\b",
    "pg_class, pg_inherits, pg_policy": r"pg_class|pg_inherits|pg_policy|::regclass|to_regclass",
    "roles: pg_roles, pg_has_role": r"pg_roles|pg_has_role|pg_auth_members",
    "statistics of the server": r"pg_stat_|pg_locks|reltuples",
    "LISTEN, NOTIFY": r"pg_notify|pg_listening_channels|\bnotify\b|\blisten\b",
    "advisory locks": r"advisory",
    "lock table": r"\block table\b",
    "set_config, current_setting": r"set_config|current_setting",
    "session_user, current_user": r"\b(session_user|current_user)\b",
    "clock_timestamp": r"clock_timestamp",
    "pg_backend_pid, txid": r"pg_backend_pid|txid_|pg_current_xact|pg_snapshot",
    "hashtext": r"\bhashtext",
    "regular expressions": r"regexp_|~\*?\s*\$|!?~\*?\s*'",
    "plpgsql": r"language plpgsql",
    "language sql": r"language sql",
    "security definer": r"security definer",
    "set search_path on a function": r"set search_path",
    "plpgsql: execute (dynamic SQL)": r"\bexecute\s+(format\(|statement|\w+;|'|\$)",
    "plpgsql: perform": r"\bperform\b",
    "plpgsql: for over a query": r"\bfor \w+(, \w+)* in\s+(select|execute|update|delete|insert|with)\b",
    "plpgsql: foreach": r"\bforeach\b",
    "plpgsql: found": r"\b(not found|if found|found then|and found)\b",
    "plpgsql: get diagnostics": r"get (stacked )?diagnostics",
    "plpgsql: record, %rowtype": r"^\s*\w+ record;|%rowtype|%type",
    "plpgsql: exception blocks": r"\bexception\s+when\b",
    "plpgsql: raise with a SQLSTATE": r"raise exception using errcode",
    "returns trigger": r"returns trigger",
    "create table … partition of, attach": r"partition of|attach partition|partition by range",
    "row-level security": r"row level security|create policy|alter policy",
    "enum types": r"create type [\w.]+ as enum|alter type [\w.]+ add value",
    "identity columns": r"as identity",
    "generated columns": r"generated always as\s*\((?!.*identity)",
    "nulls not distinct": r"nulls not distinct",
    "constraint triggers, deferrable": r"constraint trigger|deferrable|deferred",
    "triggers": r"create trigger",
    "statement triggers": r"(before|after)[^;]*truncate|for each statement|referencing (new|old)",
    "partial indexes": r"create (unique )?index[^;]*\bwhere\b",
    "indexes on expressions": r"create (unique )?index[^;(]*\([^;]*\w\(",
    "storage parameters": r"fillfactor|autovacuum_",
    "primary keys, unique": r"\bprimary key\b|\bunique\b",
    "foreign keys": r"\breferences [\w.]+",
    "grant to roles": r"\bgrant\b|\brevoke\b",
    "create role": r"create role",
    "views": r"create (or replace )?view",
}
COPIED = "copy (…) to, binary"
"""Not in the text: the caller wraps a statement in it."""
COPIES = re.compile(r"copy_from_query\(\s*SQL\[\"(\w+)\"]")


@dataclass(frozen=True, slots=True)
class Used:
    """A statement, a function or a migration's schema, and what it uses."""

    name: str
    where: str
    features: Sequence[str]
    calls: Sequence[str]
    """Functions of ours, which bring with them what they use."""


def features_of(text: str) -> list[str]:
    """Name what a text of SQL uses; comments do not count, quoted words only where they are SQL."""
    plain = COMMENT.sub("", text).lower()
    return [name for name, pattern in FEATURES.items() if re.search(pattern, plain, re.MULTILINE)]


def of_statements() -> list[Used]:
    """Every named statement of every file."""
    return [
        Used(
            name,
            path.relative_to(ROOT / "worker").as_posix(),
            _with_copy(path, name, features_of(text)),
            _calls(text),
        )
        for path in FILES
        for name, text in statements(path).items()
    ]


def _with_copy(path: Path, name: str, features: list[str]) -> list[str]:
    callers = "".join(file.read_text("utf-8") for file in path.parent.glob("*.py"))
    return [*features, COPIED] if name in COPIES.findall(callers) else features


@cache
def functions() -> Mapping[str, tuple[str, str]]:
    """Each function as the last migration left it: the migration's name, and its text."""
    found: dict[str, tuple[str, str]] = {}
    for path in MIGRATIONS:
        text = path.read_text("utf-8")
        events = [(match.start(), match) for match in _made_and_dropped(text)]
        for _, match in sorted(events, key=lambda event: event[0]):
            if match.re is CREATED:
                found[match["name"]] = (path.stem, match[0])
            else:
                found.pop(match[1], None)
    return found


def _made_and_dropped(text: str) -> Iterator[re.Match[str]]:
    yield from CREATED.finditer(text)
    yield from DROPPED.finditer(BODY.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def of_functions() -> list[Used]:
    """Every function of the schema."""
    found = sorted(functions().items())
    return [Used(name, where, features_of(text), _calls(text, name)) for name, (where, text) in found]


def _calls(text: str, caller: str = "") -> list[str]:
    plain = COMMENT.sub("", text)
    return [name for name in functions() if name != caller and re.search(rf"\b{re.escape(name)}\(", plain)]


def of_schemas() -> list[Used]:
    """What each migration makes besides functions; for roles and policies also by its dynamic SQL."""
    return [
        Used("schema", path.stem, features_of(CREATED.sub("", path.read_text("utf-8"))), [])
        for path in MIGRATIONS
    ]


def used() -> list[str]:
    """The features that stand anywhere, in the order of the list."""
    found = {
        feature for one in (*of_statements(), *of_functions(), *of_schemas()) for feature in one.features
    }
    return [feature for feature in (*FEATURES, COPIED) if feature in found]

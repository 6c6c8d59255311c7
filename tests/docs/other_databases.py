"""What other databases make of what we use, as their own pages have it; draws our pages about that.

``python -m tests.docs.other_databases docs/elsewhere*.md``
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.docs.sql_features import Used, of_functions, of_schemas, of_statements, used

DATABASES = ("Citus, distributed", "Aurora PostgreSQL", "CockroachDB", "YugabyteDB")
UNKNOWN = "?"
ENGINE = "yes [A1]"
"""Aurora PostgreSQL is said to be Postgres itself above its storage; no feature was looked up alone."""
WORST = ("no", "differs", UNKNOWN, "yes")

SAID: Mapping[str, tuple[str, str, str]] = {
    "for update skip locked": ("differs [C1]", "yes [K1]", "yes [Y1]"),
    "for update": ("differs [C1]", "differs [K2]", "yes [Y2]"),
    "for no key update, for share, for key share": ("differs [C1]", "differs [K2]", "yes [Y2]"),
    "a CTE that writes": (UNKNOWN, "differs [K3]", "yes [Y3]"),
    "with recursive": ("differs [C1]", "differs [K3]", "yes [Y3]"),
    "with … as materialized": (UNKNOWN, "differs [K3]", "yes [Y3]"),
    "lateral": ("differs [C1]", "differs [K3]", UNKNOWN),
    "window functions": (UNKNOWN, "yes [K3]", "yes [Y3]"),
    "insert … on conflict": (UNKNOWN, "differs [K4]", "yes [Y3]"),
    "arrays as parameters, unnest": (UNKNOWN, "differs [K3]", "yes [Y3]"),
    "jsonb": (UNKNOWN, "yes [K3]", "yes [Y3]"),
    "range types": (UNKNOWN, "no [K5]", "yes [Y3]"),
    "pg_class, pg_inherits, pg_policy": (UNKNOWN, "yes [K3]", UNKNOWN),
    "roles: pg_roles, pg_has_role": (UNKNOWN, "yes [K3]", "yes [Y3]"),
    "LISTEN, NOTIFY": (UNKNOWN, "no [K5]", "differs [Y4]"),
    "advisory locks": (UNKNOWN, "no [K5]", "differs [Y2]"),
    "lock table": (UNKNOWN, UNKNOWN, "differs [Y2]"),
    "regular expressions": (UNKNOWN, "yes [K3]", UNKNOWN),
    "plpgsql": (UNKNOWN, "differs [K6]", "yes [Y3]"),
    "language sql": (UNKNOWN, "differs [K7]", "yes [Y3]"),
    "plpgsql: execute (dynamic SQL)": (UNKNOWN, "no [K6]", UNKNOWN),
    "plpgsql: perform": (UNKNOWN, "no [K6]", UNKNOWN),
    "plpgsql: for over a query": (UNKNOWN, "no [K6]", UNKNOWN),
    "plpgsql: foreach": (UNKNOWN, "no [K6]", UNKNOWN),
    "plpgsql: found": (UNKNOWN, "no [K6]", UNKNOWN),
    "plpgsql: get diagnostics": (UNKNOWN, "no [K6]", UNKNOWN),
    "plpgsql: record, %rowtype": (UNKNOWN, "no [K6]", "differs [Y5]"),
    "plpgsql: exception blocks": (UNKNOWN, "differs [K6]", UNKNOWN),
    "returns trigger": ("differs [C2]", "differs [K8]", "yes [Y3]"),
    "create table … partition of, attach": ("differs [C1]", "differs [K5]", UNKNOWN),
    "row-level security": (UNKNOWN, "yes [K9]", "yes [Y3]"),
    "enum types": (UNKNOWN, "yes [K3]", "differs [Y5]"),
    "identity columns": ("differs [C3]", "yes [K3]", "yes [Y3]"),
    "generated columns": (UNKNOWN, "yes [K3]", "no [Y5]"),
    "constraint triggers, deferrable": ("differs [C2]", UNKNOWN, "no [Y5]"),
    "triggers": ("differs [C2]", "differs [K8]", "yes [Y3]"),
    "statement triggers": ("no [C2]", "no [K8]", "yes [Y3]"),
    "partial indexes": (UNKNOWN, "yes [K3]", "yes [Y3]"),
    "indexes on expressions": (UNKNOWN, "yes [K3]", "yes [Y3]"),
    "storage parameters": (UNKNOWN, UNKNOWN, "differs [Y5]"),
    "primary keys, unique": ("differs [C4]", "yes [K3]", "yes [Y3]"),
    "foreign keys": (UNKNOWN, "yes [K3]", "yes [Y3]"),
    "grant to roles": (UNKNOWN, "yes [K3]", "yes [Y3]"),
    "create role": ("differs [C4]", "yes [K3]", "yes [Y3]"),
    "views": (UNKNOWN, "yes [K3]", "yes [Y3]"),
}


def verdicts(feature: str) -> tuple[str, str, str, str]:
    """Of one feature, what each database makes of it, in the order of ``DATABASES``."""
    citus, cockroach, yugabyte = SAID.get(feature, (UNKNOWN,) * 3)
    return citus, ENGINE, cockroach, yugabyte


def worst(one: Used, place: int) -> str:
    """Of a statement: the worst that a database makes of anything in it, or in what it calls."""
    features = set(one.features).union(*(brought(name) for name in one.calls))
    found = {verdicts(feature)[place].partition(" ")[0] for feature in features}
    return next(verdict for verdict in WORST if verdict in found or verdict == "yes")


def brought(function: str) -> set[str]:
    """What a function uses, and those that it calls, and so on."""
    known = {one.name: one for one in _functions()}
    found, waiting = set[str](), [function]
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += known[name].calls
    return {feature for name in found for feature in known[name].features}


@cache
def _functions() -> Sequence[Used]:
    return of_functions()


def features_table() -> str:
    """A line a feature."""
    parts = of_statements(), of_functions(), of_schemas()
    lines = [_row("uses", "statements", "functions", "migrations", *DATABASES), _row(*["---"] * 7, "---")]
    for feature in used():
        counts = [sum(feature in one.features for one in part) for part in parts]
        lines.append(_row(f"`{feature}`", *map(str, counts), *verdicts(feature)))
    return "\n".join(lines)


def statements_table() -> str:
    """A line a statement, and a line a function."""
    lines = [_row("statement", "in", "uses", *DATABASES), _row(*["---"] * 6, "---")]
    lines += [_statement(one) for one in (*of_statements(), *of_functions())]
    return "\n".join(lines)


def summary_table() -> str:
    """How many statements and functions, by the worst of what they use."""
    lines = [_row("", *DATABASES), _row(*["---"] * 4, "---")]
    for what, part in (("statements", of_statements()), ("functions", of_functions())):
        for verdict in WORST:
            counts = [sum(worst(one, at) == verdict for one in part) for at in range(len(DATABASES))]
            lines.append(_row(f"{what}: {verdict}", *map(str, counts)))
    return "\n".join(lines)


def _statement(one: Used) -> str:
    told = [worst(one, place) for place in range(len(DATABASES))]
    return _row(
        f"`{one.name}`",
        f"`{one.where}`",
        ", ".join([*one.features, *(f"calls `{name}`" for name in one.calls)]),
        *told,
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


TABLES = {"features": features_table, "summary": summary_table, "statements": statements_table}


def drawn(page: str) -> str:
    """A page with its tables as they are now; each stands between two marks that name it."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if begin in page:
            before, _, rest = page.partition(begin)
            page = f"{before}{begin}\n{table()}\n{end}{rest.partition(end)[2]}"
    return page


def sources() -> Iterator[str]:
    """The marks of the sources that the verdicts name."""
    for told in SAID.values():
        yield from (cell.partition(" ")[2] for cell in told if cell != UNKNOWN)
    yield ENGINE.partition(" ")[2]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(drawn(path.read_text("utf-8")), encoding="utf-8")

"""The arrows of the house: who may import whom. Read from the code, not from a picture."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "worker"

# A room, and the rooms and leaves it may import besides itself. What is not named here is forbidden.
LEAVES = {"errors"}
MAY_IMPORT = {
    "errors": set[str](),
    "tally": set[str](),
    "tracing": set[str](),
    "otel": {"tracing"},
    "logs": {"tracing"},
    "events": set[str](),
    "observe": {"events", "logs", "tally"},
    "pooler": set[str](),
    "db": LEAVES | {"pooler"},
    "embedded": LEAVES,
    "cron": set[str](),
    "settings_schedules": LEAVES | {"cron"},
    "settings_section": {"cron"},
    "settings_daily": {"settings_section"},
    "settings_alerts": LEAVES | {"settings_section"},
    "settings_money": set[str](),
    "settings_tracing": {"settings_section"},
    "settings_ebay": LEAVES | {"settings_section"},
    "settings_collect": {"settings_section"},
    "settings_curves": {"settings_section"},
    "settings_model": LEAVES
    | {"settings_section", "settings_alerts", "settings_collect", "settings_curves", "settings_daily"}
    | {"settings_ebay", "settings_money", "settings_schedules", "settings_tracing"},
    "settings": LEAVES | {"settings_model", "settings_money", "settings_schedules"},
    "migrate_files": LEAVES,
    "migrate_connection": LEAVES,
    "migrate_drift": LEAVES | {"migrate_files", "migrate_connection", "migrate"},
    "migrate": LEAVES | {"migrate_files", "migrate_connection"},
    "queue": LEAVES | {"db", "observe", "tracing", "cron", "pooler"},
    "runs": LEAVES | {"db", "observe", "tracing", "queue"},
    "catalog": LEAVES | {"db", "pricing"},
    "clients": LEAVES | {"observe", "tracing"},
    "pricing": set[str](),
    "accounts": LEAVES | {"db", "observe", "runs", "clients"},
    "syncing": LEAVES | {"db", "observe", "queue", "runs", "catalog", "clients", "accounts"},
    "collecting": LEAVES | {"db", "observe", "queue", "runs", "catalog", "clients", "pricing", "accounts"},
    "handlers": LEAVES
    | {
        "db",
        "observe",
        "queue",
        "runs",
        "catalog",
        "clients",
        "pricing",
        "accounts",
        "syncing",
        "collecting",
    },
    "web": LEAVES
    | {"db", "observe", "tracing", "queue", "runs", "catalog", "clients", "pricing", "accounts"},
    "sandbox": LEAVES,
    "channels": LEAVES | {"observe", "clients", "settings_alerts"},
    "traces": LEAVES | {"observe", "tracing", "otel", "settings_tracing"},
    "selling": {"*"},
    "collectors": {"*"},
    "prices": {"*"},
    "daily": {"*"},
    "pages": {"*"},
    "app": {"*"},
    "duties": {"*"},
    "commands": {"*"},
    "cli": {"*"},
    "__main__": {"cli", "commands"},
    "__init__": set[str](),
}
SEES_SETTINGS = {"app", "daily", "duties", "channels", "traces", "collectors", "selling", "prices"}
SEES_SETTINGS |= {"pages", "cli", "commands", "settings", "settings_alerts", "settings_model"}
SEES_SETTINGS |= {"settings_money", "settings_tracing", "settings_collect", "settings_curves"}
SEES_SETTINGS |= {"settings_daily", "settings_ebay", "settings_schedules", "settings_section"}
FORBIDDEN_WORDS = ("util", "helper", "manager", "common", "misc")


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides the room"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def test_every_arrow_points_the_way_the_design_says() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, path in modules()
        for target in imports(path)
        if target.startswith("worker.")
        and room(target) != room(module)
        and MAY_IMPORT[room(module)] != {"*"}
        and room(target) not in MAY_IMPORT[room(module)]
    ]

    assert not wrong


def test_only_cli_and_app_see_the_settings() -> None:
    wrong = [
        module
        for module, path in modules()
        if room(module) not in SEES_SETTINGS
        and any(target.startswith("worker.settings") for target in imports(path))
    ]

    assert not wrong


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("httpx", {"clients"}),
        ("aiosmtplib", {"clients"}),
        ("cryptography", {"accounts", "clients", "sandbox"}),
        ("cronsim", {"cron"}),
        ("numpy", {"catalog", "pricing"}),
        ("yoyo", {"migrate", "migrate_files"}),
        ("prometheus_client", {"observe", "tally", "web"}),
        ("opentelemetry", {"otel"}),
    ],
)
def test_a_library_is_known_in_one_place(library: str, rooms: set[str]) -> None:
    users = {
        room(module)
        for module, path in modules()
        for target in imports(path)
        if target == library or target.startswith(f"{library}.")
    }

    assert users <= rooms


def test_no_module_imports_itself_round_a_circle() -> None:
    graph = {
        module.removesuffix(".__init__"): {t for t in imports(path) if t.startswith("worker.")}
        for module, path in modules()
    }
    known = set(graph)
    edges = {module: {target for target in targets if target in known} for module, targets in graph.items()}

    def reaches(start: str, at: str, seen: set[str]) -> bool:
        for target in edges[at] - seen:
            if target == start:
                return True
            seen.add(target)
            if reaches(start, target, seen):
                return True
        return False

    assert [module for module in sorted(edges) if reaches(module, module, set())] == []


def test_a_room_is_named_for_what_it_does() -> None:
    wrong = [str(path) for _, path in modules() if any(word in path.stem for word in FORBIDDEN_WORDS)]

    assert not wrong


def test_no_module_is_larger_than_a_reader_can_hold() -> None:
    large = {
        str(path): lines
        for _, path in modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }

    assert not large


def test_no_statement_asks_for_every_column() -> None:
    places = [*PACKAGE.rglob("*.sql"), *(path for _, path in modules())]
    wrong = [str(path) for path in places if "select *" in path.read_text(encoding="utf-8").lower()]

    assert not wrong

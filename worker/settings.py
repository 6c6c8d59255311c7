"""Read the settings: ``worker.toml`` < ``.env`` < environment, and say in a sentence what is wrong with them.

Only ``cli`` and ``app`` see this; everything else is handed the values that it needs.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import DotEnvSettingsSource

from worker.errors import BadSettings
from worker.settings_model import BETWEEN, PREFIX, Setting, Settings, known_settings
from worker.settings_money import SHAPES, has_its_shape, is_named_by_user, shape
from worker.settings_schedules import schedule_sentence

__all__ = ["Setting", "Settings", "known_settings", "load_settings"]

SCHEDULES = "schedules"
CONSEQUENCE = "default_factory_not_called"  # MIGRATIONS_URL has no default when DATABASE_URL is wrong.

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """A value as it stands in one layer, with the words that lead a person to it."""

    value: Any
    place: str


def load_settings(
    *,
    toml: Path = Path("worker.toml"),
    dotenv: Path = Path(".env"),
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read all layers, the later ones winning; a missing file is an empty one, an empty variable is not set.

    Raises ``BadSettings`` with a sentence for each thing that is wrong, and never with the value of a secret.
    """
    environ = os.environ if environ is None else environ
    given = {**_in_toml(toml), **_in_dotenv(dotenv), **_in_environment(environ)}
    try:
        return Settings(**_nested(given))
    except ValidationError as error:
        problems = [problem for problem in error.errors(include_url=False) if problem["type"] != CONSEQUENCE]
        raise BadSettings("; ".join(_sentence(problem, given) for problem in problems)) from None


def _in_toml(path: Path) -> dict[Key, _Given]:
    if not path.exists():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadSettings(f"{path.name} cannot be read: {error}") from None
    known = {setting.key: setting for setting in known_settings()}
    layer: dict[Key, _Given] = {}
    if SCHEDULES in tables:  # Its names are the user's own; the model knows what stands below them.
        layer[SCHEDULES,] = _Given(tables.pop(SCHEDULES), path.name)
    for key, value in _leaves(tables):
        if value == {} and any(each[: len(key)] == key for each in known):
            continue  # A table of ours in which nothing is set.
        if is_named_by_user(key):
            if value == {}:
                continue
            if not has_its_shape(key):
                raise BadSettings(f"{'.'.join(key)} in {path.name} is not a setting; it is {shape(key[0])}")
        elif key not in known:
            raise _unknown(".".join(key), path.name, [".".join(each) for each in known])
        layer[key] = _Given(value, f"{'.'.join(key)} in {path.name}")
    return layer


def _leaves(table: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def _in_dotenv(path: Path) -> dict[Key, _Given]:
    source = DotEnvSettingsSource(Settings, env_file=path, case_sensitive=True)
    values = {name: value or "" for name, value in source.env_vars.items()}
    return _variables(values, path.name, [name for name in values if name.startswith(PREFIX)])


def _in_environment(environ: Mapping[str, str]) -> dict[Key, _Given]:
    known = {setting.key[0] for setting in known_settings() if len(setting.key) > 1}
    sections = {name.upper() for name in (*known, *SHAPES)}
    ours = tuple(f"{PREFIX}{section}_" for section in sections)
    # Others set names that begin like ours, such as WORKER_ID; those are none of our business.
    meant = [n for n in environ if n.startswith(ours) or (n.startswith(PREFIX) and BETWEEN in n)]
    return _variables(environ, "the environment", meant)


def _variables(values: Mapping[str, str], place: str, meant: list[str]) -> dict[Key, _Given]:
    known = {setting.name: setting.key for setting in known_settings()}
    for name in meant:
        if (key := _named_by_user(name, place)) is not None:
            known[name] = key
        elif name not in known:
            raise _unknown(name, place, list(known))
    present = {name: key for name, key in known.items() if values.get(name)}
    return {key: _Given(values[name], f"{name} in {place}") for name, key in present.items()}


def _named_by_user(name: str, place: str) -> Key | None:
    """Read a variable's name as a path below a table of the user's own names; None for any other."""
    table = next((table for table in SHAPES if name.startswith(f"{PREFIX}{table.upper()}_")), None)
    if table is None:
        return None
    key = tuple(name.removeprefix(PREFIX).lower().split(BETWEEN))
    if key[0] != table or not has_its_shape(key) or name != name.upper():
        wanted = shape(table, before=PREFIX, between=BETWEEN)
        raise BadSettings(f"{name} in {place} is not a setting; it is {wanted}")
    return key


def _unknown(name: str, place: str, known: list[str]) -> BadSettings:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "see .env.example for all names"
    return BadSettings(f"{name} in {place} is not a setting; {hint}")


def _nested(given: Mapping[Key, _Given]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for (*above, name), one in given.items():
        table = nested
        for part in above:
            table = table.setdefault(part, {})
        table[name] = one.value
    return nested


def _sentence(problem: ErrorDetails, given: Mapping[Key, _Given]) -> str:
    key = tuple(str(part) for part in problem["loc"] if part != "[key]")
    cause = problem.get("ctx", {}).get("error")
    wanted = str(cause) if cause else problem["msg"].replace("Input should", "it should", 1)
    if key[:1] == (SCHEDULES,):
        return schedule_sentence(problem, wanted, given[key[:1]].place)
    if key and is_named_by_user(key):
        one = next(one for at, one in given.items() if at[: len(key)] == key)
        return f"{one.place} is {one.value!r}: {wanted}"
    if key not in given:  # A rule about several settings: its own words name them.
        return f"[{key[0]}] {wanted}" if key else wanted
    secret = {setting.key: setting.secret for setting in known_settings()}[key]
    shown = "has a value that cannot be used" if secret else f"is {given[key].value!r}"
    return f"{given[key].place} {shown}: {wanted}"

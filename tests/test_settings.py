import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import ValidationError

from worker.errors import BadSettings
from worker.settings import Settings, known_settings, load_settings

ROOT = Path(__file__).parents[1]
SECRET = "hunter2"
URL = f"postgresql://me:{SECRET}@db/mintmark"

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Read settings from the given text of each layer; keywords are the environment."""

    def load(toml: str = "", dotenv: str = "", **environ: str) -> Settings:
        (tmp_path / "worker.toml").write_text(toml)
        (tmp_path / ".env").write_text(dotenv)
        return load_settings(toml=tmp_path / "worker.toml", dotenv=tmp_path / ".env", environ=environ)

    return load


def test_without_any_layer_the_defaults_stand(tmp_path: Path) -> None:
    settings = load_settings(toml=tmp_path / "none.toml", dotenv=tmp_path / "none", environ={})

    assert settings == Settings()
    assert (settings.database_url, settings.migrations_url) == (None, None)
    assert settings.queue.lease_seconds == 30


def test_the_environment_wins_over_dotenv_and_dotenv_over_toml(load: Load) -> None:
    settings = load(
        "[queue]\nconcurrency = 1\npoll_seconds = 2\nlease_seconds = 60",
        "WORKER_QUEUE__CONCURRENCY=3\nWORKER_QUEUE__POLL_SECONDS=4",
        WORKER_QUEUE__CONCURRENCY="5",
    )

    assert settings.queue.concurrency == 5
    assert settings.queue.poll_seconds == 4
    assert settings.queue.lease_seconds == 60
    assert settings.queue.grace_seconds == Settings().queue.grace_seconds


def test_an_empty_variable_is_not_set(load: Load) -> None:
    settings = load("[ops]\nport = 9", "DATABASE_URL=", WORKER_OPS__PORT="", WORKER_POKEMONAPI__API_KEY="")

    assert settings.ops.port == 9
    assert settings.database_url is None
    assert settings.pokemonapi.api_key is None


def test_migrations_go_to_the_database_unless_told_otherwise(load: Load) -> None:
    one, two = load(DATABASE_URL=URL), load(DATABASE_URL=URL, MIGRATIONS_URL="postgresql://direct/x")

    assert one.migrations_url == one.database_url
    assert two.migrations_url is not None
    assert two.migrations_url.get_secret_value() == "postgresql://direct/x"


def test_settings_cannot_be_changed_after_they_were_read(load: Load) -> None:
    with pytest.raises(ValidationError):
        load().queue.concurrency = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (
            "[queue]\nlease_second = 9",
            "queue.lease_second in worker.toml is not a setting; did you mean queue.l",
        ),
        ("[queu]\nlease_seconds = 9", "did you mean queue.lease_seconds?"),
        ("queue = 9", "queue in worker.toml is not a setting"),
        ("[quue]", "quue in worker.toml is not a setting"),
        ("[queue.lease_seconds]\nx = 9", "queue.lease_seconds.x in worker.toml is not a setting"),
        ("[queue", "worker.toml cannot be read: Expected ']'"),
        (
            "[queue]\nlease_seconds = 'x'",
            "queue.lease_seconds in worker.toml is 'x': it should be a valid number",
        ),
    ],
)
def test_what_is_wrong_in_worker_toml_is_said_in_a_sentence(load: Load, toml: str, sentence: str) -> None:
    with pytest.raises(BadSettings, match=re.escape(sentence)):
        load(toml)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("WORKER_LOGLEVEL=x", "WORKER_LOGLEVEL in .env is not a setting; did you mean WORKER_LOG__LEVEL?"),
        ("WORKER_ID=7", "WORKER_ID in .env is not a setting"),
        ("WORKER_LOG__LEVEL=loud", "WORKER_LOG__LEVEL in .env is 'loud': it should be 'debug', 'info', "),
    ],
)
def test_what_is_wrong_in_dotenv_is_said_in_a_sentence(load: Load, line: str, sentence: str) -> None:
    with pytest.raises(BadSettings, match=re.escape(sentence)):
        load("", line)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "WORKER_OPS_PORT",
            "9",
            "WORKER_OPS_PORT in the environment is not a setting; did you mean WORKER_OPS__P",
        ),
        ("WORKER_QUEUE__LEASE", "9", "WORKER_QUEUE__LEASE in the environment is not a setting"),
        ("WORKER_EBAI__X", "9", "WORKER_EBAI__X in the environment is not a setting"),
        ("WORKER_OPS__PORT", "70000", "WORKER_OPS__PORT in the environment is '70000'"),
        ("WORKER_QUEUE__POLL_SECONDS", "0", "it should be greater than 0"),
        ("WORKER_QUEUE__POLL_SECONDS", "inf", "it should be a finite number"),
        (
            "WORKER_QUEUE__LEASE_SECONDS",
            "9",
            "heartbeat_seconds (5) must be at most a third of lease_seconds (9)",
        ),
        ("WORKER_TCGDEX__BASE_URL", "ftp://x", "it must be a URL that begins with https:// or http://"),
        ("MIGRATIONS_URL", URL, "MIGRATIONS_URL is set and DATABASE_URL is not"),
    ],
)
def test_what_is_wrong_in_the_environment_is_said_in_a_sentence(
    load: Load, name: str, value: str, sentence: str
) -> None:
    with pytest.raises(BadSettings, match=re.escape(sentence)):
        load(**{name: value})


def test_everything_wrong_is_said_at_once(load: Load) -> None:
    with pytest.raises(BadSettings, match=r"OPS__PORT.*LOG__LEVEL"):
        load(WORKER_LOG__LEVEL="loud", WORKER_OPS__PORT="x")


def test_names_that_belong_to_others_are_ignored(load: Load) -> None:
    settings = load("", "POSTGRES_PASSWORD=x\nPATH=y", WORKER_ID="7", WORKER_CLASS="sync", PATH="z")

    assert settings == Settings()


@pytest.mark.parametrize(
    "toml", ["", f"[pokemonapi]\napi_key = ['{SECRET}']", f"database_url = ['{SECRET}']"]
)
def test_a_secret_is_never_shown(load: Load, toml: str) -> None:
    with pytest.raises(BadSettings) as caught:
        load(toml, DATABASE_URL="" if toml else f"mysql://{SECRET}", WORKER_OPS__PORT="wrong")

    assert SECRET not in str(caught.value)
    assert "has a value that cannot be used" in str(caught.value)
    assert SECRET not in repr(load(DATABASE_URL=URL, WORKER_POKEMONAPI__API_KEY=SECRET))


def test_worker_toml_names_every_setting_with_its_default() -> None:
    text = (ROOT / "worker.toml").read_text()
    named = tomllib.loads(re.sub(r"(?m)^# (?=\w+ = )", "", text))
    names = [
        (key, name) for key, table in named.items() for name in (table if isinstance(table, dict) else [""])
    ]

    assert [tuple(filter(None, name)) for name in names] == [setting.key for setting in known_settings()]
    assert load_settings(toml=ROOT / "worker.toml", dotenv=ROOT / "none", environ={}) == Settings()


def test_env_example_names_every_variable_with_its_default(tmp_path: Path) -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    (tmp_path / ".env").write_text("\n".join(line.removeprefix("# ") for line in lines if "=" in line))
    named = dotenv_values(tmp_path / ".env")

    assert list(named) == [setting.name for setting in known_settings()]
    ours = {name: value or "" for name, value in named.items() if name.startswith("WORKER_")}
    assert load_settings(toml=tmp_path / "none", dotenv=tmp_path / "none", environ=ours) == Settings()


def test_every_setting_says_what_it_means() -> None:
    settings = {setting.name: setting for setting in known_settings()}

    assert all(setting.description for setting in settings.values())
    assert [name for name, setting in settings.items() if setting.secret] == [
        "DATABASE_URL",
        "MIGRATIONS_URL",
        "WORKER_TRACING__ENDPOINT",
        "WORKER_POKEMONAPI__API_KEY",
        "WORKER_EBAY__CLIENT_SECRET",
        "WORKER_EBAY__VERIFICATION_TOKEN",
        "WORKER_SECRETS__KEYS",
        "WORKER_ALERTS__WEBHOOK_URL",
        "WORKER_ALERTS__SLACK_URL",
        "WORKER_ALERTS__DISCORD_URL",
        "WORKER_ALERTS__MAIL_PASSWORD",
    ]
    lease = settings["WORKER_QUEUE__LEASE_SECONDS"]
    assert (lease.key, lease.type, lease.default) == (("queue", "lease_seconds"), "number", 30)
    assert settings["WORKER_LOG__FORMAT"].type == "auto | json | console"


def test_a_table_of_ours_in_which_nothing_is_set_is_no_mistake(load: Load) -> None:
    assert load("[queue]\n[ops]\n").queue == Settings().queue

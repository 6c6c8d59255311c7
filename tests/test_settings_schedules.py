"""``[schedules]`` in worker.toml: what is read of it, and the sentence for what is wrong."""

import re
from pathlib import Path

import pytest

from worker.cron import Cron
from worker.duties import schedules_of
from worker.errors import BadSettings
from worker.queue.schedules import Missed, Schedule
from worker.settings import Settings, load_settings

ROOT = Path(__file__).parents[1]
GOOD = 'cron = "15 3 * * *"\nkind = "demo"'


def load(folder: Path, toml: str, **environ: str) -> Settings:
    (folder / "worker.toml").write_text(toml)
    return load_settings(toml=folder / "worker.toml", dotenv=folder / "none", environ=environ)


def test_a_schedule_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    toml = """
    [schedules.nightly-prices]
    cron = "15 3 * * *"
    kind = "normalize_batch"
    payload = { source = "pokemonapi", jobs = 2 }
    timezone = "Europe/Berlin"
    missed = "all"
    queue = "night"
    priority = 5
    """

    assert own_of(load(tmp_path, toml)) == [
        Schedule(
            name="nightly-prices",
            cron=Cron("15 3 * * *", "Europe/Berlin"),
            kind="normalize_batch",
            payload='{"source": "pokemonapi", "jobs": 2}',
            queue="night",
            priority=5,
            missed=Missed.ALL,
        )
    ]


def test_what_a_schedule_does_not_say_has_a_default(tmp_path: Path) -> None:
    [schedule] = own_of(load(tmp_path, f"[schedules.x]\n{GOOD}"))

    assert schedule == Schedule("x", Cron("15 3 * * *", "UTC"), "demo", missed=Missed.ONCE)


def own_of(settings: Settings) -> list[Schedule]:
    """The schedules that somebody has written down."""
    return [one for one in schedules_of(settings) if one.name in settings.schedules]


def test_there_are_those_of_every_day_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    assert [
        (one.name, one.cron, one.kind, one.payload)
        for one in schedules_of(load(tmp_path, ""))
        if one not in own_of(load(tmp_path, ""))
    ] == [
        ("snapshot", Cron("0 0 * * *", "UTC"), "snapshot", "{}"),
        ("price-index", Cron("30 0 * * *", "UTC"), "price_index", "{}"),
        ("price-curves", Cron("0 3 * * *", "UTC"), "price_curve", "{}"),
    ]


def test_a_schedule_of_every_day_can_be_switched_off_moved_and_replaced(tmp_path: Path) -> None:
    moved = {"WORKER_DAILY__SNAPSHOT_CRON": "never", "WORKER_DAILY__PRICE_INDEX_CRON": "15 4 * * *"}
    [index, _] = schedules_of(load(tmp_path, "", **moved))
    replaced = schedules_of(load(tmp_path, f"[schedules.snapshot]\n{GOOD}"))
    [own, _, _] = sorted(replaced, key=lambda one: one.kind)

    assert (index.name, index.cron) == ("price-index", Cron("15 4 * * *", "UTC"))
    assert (own.name, own.kind) == ("snapshot", "demo")


def test_the_example_in_worker_toml_can_be_taken_as_it_is(tmp_path: Path) -> None:
    text = (ROOT / "worker.toml").read_text()

    [schedule] = own_of(load(tmp_path, re.sub(r"(?m)^#(?=[\w\[])", "", text)))

    assert (schedule.name, schedule.kind) == ("nightly-cards", "normalize_batch")


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (
            "[schedules.x]\ncron = '61 * * * *'\nkind = 'demo'",
            "schedules.x.cron in worker.toml is '61 * * * *': it must be five fields that cron knows",
        ),
        ("[schedules.x]\ncron = '@hourly'\nkind = 'demo'", "is '@hourly': it must have five fields"),
        (
            f"[schedules.x]\n{GOOD}\ntimezone = 'Europe/Atlantis'",
            "schedules.x.timezone in worker.toml is 'Europe/Atlantis': it must be a time zone such as Eu",
        ),
        (
            f"[schedules.x]\n{GOOD}\nmissed = 'never'",
            "schedules.x.missed in worker.toml is 'never': it should be 'skip', 'once' or 'all'",
        ),
        (
            f"[schedules.x]\n{GOOD}\ntime_zone = 'UTC'",
            "schedules.x.time_zone in worker.toml is not a setting; did you mean timezone?",
        ),
        (
            f"[schedules.x]\n{GOOD}\nwhat = 1",
            "schedules.x.what in worker.toml is not a setting; known are: cron, kind, payload, timezone, mi",
        ),
        ("[schedules.x]\nkind = 'demo'", "schedules.x.cron in worker.toml is missing"),
        ("[schedules.x]\ncron = '0 * * * *'", "schedules.x.kind in worker.toml is missing"),
        ("[schedules.x]", "schedules.x.cron in worker.toml is missing; schedules.x.kind in worker.toml is"),
        (
            f"[schedules.x]\n{GOOD}\npayload = 5",
            "schedules.x.payload in worker.toml is 5: it should be a valid dictionary",
        ),
        (
            f"[schedules.x]\n{GOOD}\npayload = {{ day = 2025-01-01 }}",
            "it must be a table of what JSON knows: no dates and times, inf or nan",
        ),
        (f"[schedules.x]\n{GOOD}\npayload = {{ price = nan }}", "it must be a table of what JSON knows"),
        (f'[schedules.x]\n{GOOD}\npayload = {{ a = "\\u0000" }}', "a text in it holds NUL"),
        (
            f'[schedules.x]\n{GOOD}\nqueue = "\\u0000"',
            "schedules.x.queue in worker.toml is '\\x00': it holds NUL",
        ),
        (f"[schedules.x]\n{GOOD}\nqueue = ''", "schedules.x.queue in worker.toml is ''"),
        (
            f"[schedules.x]\n{GOOD}\npriority = 3000000000",
            "schedules.x.priority in worker.toml is 3000000000",
        ),
        (
            f"[schedules.'at night']\n{GOOD}",
            "schedules.at night in worker.toml is 'at night': a schedule's name has 1 to 100 letters, digi",
        ),
        ("[schedules]\nx = 'demo'", "schedules.x in worker.toml must be a table: [schedules.NAME]"),
        ("schedules = 5", "schedules in worker.toml must be a table: [schedules.NAME]"),
        (f"[schedule.x]\n{GOOD}", "schedule.x.cron in worker.toml is not a setting"),
    ],
)
def test_what_is_wrong_with_a_schedule_is_said_in_a_sentence_that_names_it(
    tmp_path: Path, toml: str, sentence: str
) -> None:
    with pytest.raises(BadSettings, match=re.escape(sentence)):
        load(tmp_path, toml)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    toml = "[schedules.x]\ncron = 'x'\nkind = 'demo'\n[schedules.y]\ncron = '0 * * * *'\n[ops]\nport = -1"

    with pytest.raises(BadSettings, match=r"ops\.port.*schedules\.x\.cron.*schedules\.y\.kind"):
        load(tmp_path, toml)


def test_the_environment_sets_no_schedules(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="WORKER_SCHEDULES__X in the environment is not a setting"):
        load(tmp_path, "", WORKER_SCHEDULES__X="0 * * * *")

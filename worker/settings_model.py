"""What can be set: every name, its type, its default and its meaning; ``settings.py`` reads the values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, Self, get_args, get_origin

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from worker.settings_alerts import Alerts
from worker.settings_collect import Collect
from worker.settings_curves import Curves
from worker.settings_daily import Daily
from worker.settings_ebay import Ebay, Secrets, Sync, Web
from worker.settings_money import PriceTables, QuotaTable
from worker.settings_schedules import ScheduleTables
from worker.settings_section import Count, Port, Section
from worker.settings_tracing import Tracing

PREFIX = "WORKER_"
BETWEEN = "__"
HEARTBEATS_A_LEASE = 3
TYPE_NAMES: dict[Any, str] = {
    bool: "true | false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    SecretStr: "secret",
}


def _postgres_url(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("it must be a URL that begins with postgresql://")
    return url


def _web_url(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("it must be a URL that begins with https:// or http://")
    return url.rstrip("/")


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
WebUrl = Annotated[str, AfterValidator(_web_url)]


class Queue(Section):
    """How work is claimed, kept and handed back."""

    lease_seconds: Seconds = Field(30, description="how long a job stays with a worker that shows no life")
    heartbeat_seconds: Seconds = Field(
        5, description="how often a worker shows life; at most a third of a lease"
    )
    rescue_seconds: Seconds = Field(5, description="how often a worker looks for jobs of dead ones")
    poll_seconds: Seconds = Field(
        1, description="how often an idle worker looks for work without being woken"
    )
    grace_seconds: Seconds = Field(
        10, description="how long handlers may go on after SIGTERM, or after a pause"
    )
    stall_seconds: Seconds = Field(
        60, description="how long the event loop may stand still before the process ends itself"
    )
    patience_seconds: Seconds = Field(
        60, description="how long a job waits behind more urgent ones before every tenth claim is its"
    )
    concurrency: Count = Field(10, description="how many jobs of one queue a worker runs at once")

    @model_validator(mode="after")
    def _several_heartbeats_a_lease(self) -> Self:
        if self.heartbeat_seconds * HEARTBEATS_A_LEASE > self.lease_seconds:
            raise ValueError(
                f"heartbeat_seconds ({self.heartbeat_seconds:g}) must be at most a third of lease_seconds "
                f"({self.lease_seconds:g}), or a worker that is late once loses its jobs"
            )
        return self


class Blocking(Section):
    """Handlers whose work blocks."""

    threads: Count = Field(8, description="how many of their threads a worker runs at once")
    processes: Count = Field(2, description="how many of their processes a worker runs at once")


class Ops(Section):
    """The port for health checks and metrics."""

    enabled: bool = Field(True, description="whether a worker opens its ops port")
    host: str = Field("127.0.0.1", description="the address it listens on")
    port: Port = Field(8080, description="its number; 0 lets the system choose")
    sample_seconds: Seconds = Field(5, description="how often queue depths are measured for the metrics")


class Log(Section):
    """What is said on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is said")
    format: Literal["auto", "json", "console"] = Field(
        "auto", description="json: an object a line; console: for people; auto: console on a terminal"
    )


class Normalize(Section):
    """Reading raw imports into cards."""

    batch_size: Count = Field(50, description="rows between two checkpoints")
    jobs: Count = Field(2, description="jobs that share the work of one run, where the run does not say")


class PokemonApi(Section):
    """The Pokémon TCG API."""

    base_url: WebUrl = Field("https://api.pokemontcg.io/v2", description="where it answers")
    api_key: SecretStr | None = Field(None, description="its key; without one its limits are lower")
    requests_per_minute: Count = Field(30, description="how often it is asked at most")


class Tcgdex(Section):
    """The TCGdex API."""

    base_url: WebUrl = Field("https://api.tcgdex.net/v2/en", description="where it answers")
    concurrency: Count = Field(4, description="how many requests may be on their way at once")


class Retention(Section):
    """How long what has ended is kept."""

    history_days: Count = Field(30, description="days a finished job is kept")
    events_days: Count = Field(30, description="days the events of a run are kept")
    items_days: Count = Field(90, description="days the items of a run are kept after it has ended")
    ledger_days: Count = Field(400, description="days a run's ledger is kept after it has ended")
    alerts_days: Count = Field(90, description="days an alert is kept")
    snapshot_days: Count = Field(90, description="days each day of inventory is kept; older ones by the week")
    api_log_days: Count = Field(30, description="days the log of calls to other people's APIs is kept")


class Embedded(Section):
    """The Postgres that is started when no DATABASE_URL is set."""

    path: Path = Field(Path(".mintmark/postgres"), description="the folder of its data")


class Settings(BaseSettings):
    """All that can be set, frozen; ``Settings()`` is the defaults, whatever the environment holds.

    With neither database URL set, the embedded Postgres is meant.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: PostgresUrl | None = Field(
        None, description="the database, perhaps behind a transaction pooler; none: the embedded Postgres"
    )
    migrations_url: PostgresUrl | None = Field(
        default_factory=lambda given: given.get("database_url"),
        description="the database without a pooler, to migrate and to be woken; none: DATABASE_URL",
    )
    queue: Queue = Queue()
    blocking: Blocking = Blocking()
    ops: Ops = Ops()
    log: Log = Log()
    tracing: Tracing = Tracing()
    normalize: Normalize = Normalize()
    pokemonapi: PokemonApi = PokemonApi()
    tcgdex: Tcgdex = Tcgdex()
    web: Web = Web()
    ebay: Ebay = Ebay()
    sync: Sync = Sync()
    daily: Daily = Daily()
    secrets: Secrets = Secrets()
    collect: Collect = Collect()
    curves: Curves = Curves()
    alerts: Alerts = Alerts()
    retention: Retention = Retention()
    embedded: Embedded = Embedded()
    prices: PriceTables = {}
    quotas: QuotaTable = {}
    schedules: ScheduleTables = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the constructor only."""
        return (init_settings,)

    @model_validator(mode="after")
    def _no_migrations_without_a_database(self) -> Self:
        if self.migrations_url is not None and self.database_url is None:
            raise ValueError("MIGRATIONS_URL is set and DATABASE_URL is not: set both, or only DATABASE_URL")
        return self


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set. ``key`` is its path in ``worker.toml``; ``default`` None means not set."""

    name: str
    key: tuple[str, ...]
    type: str
    default: Any
    description: str
    secret: bool


def known_settings() -> list[Setting]:
    """List everything that can be set, in the order in which it is written in ``worker.toml``.

    Prices, quotas and schedules are not among it: their names are the user's own.
    """
    return list(_settings_of(Settings, ()))


def _settings_of(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from _settings_of(kind, (*above, name))
        elif get_origin(kind) is not Mapping:
            yield _setting((*above, name), field)


def _setting(key: tuple[str, ...], field: FieldInfo) -> Setting:
    shown = _type_name(field.annotation)
    return Setting(
        name=(PREFIX if len(key) > 1 else "") + BETWEEN.join(key).upper(),
        key=key,
        type=shown,
        default=None if field.default is PydanticUndefined else field.default,
        description=field.description or "",
        secret=shown == TYPE_NAMES[SecretStr],
    )


def _type_name(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " | ".join(get_args(annotation))
    if get_origin(annotation) is Annotated:
        return _type_name(get_args(annotation)[0])
    present = [part for part in get_args(annotation) if part is not NoneType]
    return _type_name(present[0]) if present else TYPE_NAMES[annotation]

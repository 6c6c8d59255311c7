"""What can be set about traces, and the sentence for what cannot."""

from pathlib import Path

import pytest

from worker.errors import BadSettings
from worker.settings import Settings, load_settings

PART = "hunter2"


def load(tmp_path: Path, **tracing: str) -> Settings:
    environ = {f"WORKER_TRACING__{name}": value for name, value in tracing.items()}
    return load_settings(toml=tmp_path / "none.toml", dotenv=tmp_path / "none", environ=environ)


def test_nothing_is_traced_unless_somebody_says_where() -> None:
    assert Settings().tracing.endpoint is None


@pytest.mark.parametrize(
    "url", ["http://localhost:4318", "https://otel.example/v1/traces", "http://[::1]:4318/"]
)
def test_a_collector_is_named_by_its_url(tmp_path: Path, url: str) -> None:
    endpoint = load(tmp_path, ENDPOINT=url).tracing.endpoint

    assert endpoint is not None
    assert endpoint.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        "localhost:4318",
        "grpc://localhost:4317",
        "http://",
        f"http://somebody:{PART}@otel.example",
        f"https://otel.example/?token={PART}",
        f"https://otel.example/#{PART}",
        f"http://[{PART}",
    ],
)
def test_what_is_no_such_url_or_holds_a_secret_is_refused_and_not_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSettings, match="WORKER_TRACING__ENDPOINT in the environment has a value") as bad:
        load(tmp_path, ENDPOINT=url)

    assert PART not in str(bad.value)


@pytest.mark.parametrize("share", ["-0.1", "1.1", "nan", "all"])
def test_a_share_is_between_nothing_and_all(tmp_path: Path, share: str) -> None:
    with pytest.raises(BadSettings, match="WORKER_TRACING__SAMPLE_RATIO"):
        load(tmp_path, SAMPLE_RATIO=share)

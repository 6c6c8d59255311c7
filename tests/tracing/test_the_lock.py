"""What an image with traces is installed from."""

import re

from tests.docs.pages import ROOT

PIN = re.compile(r"^([\w.-]+==\S+(?: ;.*)?) \\$", re.MULTILINE)


def pins(lock: str) -> set[str]:
    found = set(PIN.findall((ROOT / lock).read_text("utf-8")))
    assert found
    return found


def test_the_lock_with_traces_is_the_workers_lock_and_what_they_need() -> None:
    more = pins("requirements-otel.lock") - pins("requirements.lock")

    assert not pins("requirements.lock") - pins("requirements-otel.lock")
    assert {"opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"} <= {
        one.split("==")[0] for one in more
    }
    assert more <= pins("requirements-dev.lock")


def test_a_worker_that_traces_nothing_installs_nothing_for_it() -> None:
    assert not [pin for pin in pins("requirements.lock") if pin.startswith("opentelemetry")]

"""Where traces go, in the settings."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from worker.settings_section import Section


def _collector(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it must be a URL that begins with https:// or http://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "it must be a URL without a user, a password, a query or a fragment; "
            "what a collector asks for goes into OTEL_EXPORTER_OTLP_HEADERS"
        )
    return url


Collector = Annotated[SecretStr, AfterValidator(_collector)]
Share = Annotated[float, Field(ge=0, le=1)]


class Tracing(Section):
    """Spans of jobs, API calls and batches, for OpenTelemetry."""

    endpoint: Collector | None = Field(
        None, description="the OTLP/HTTP collector, such as http://localhost:4318; none: nothing is traced"
    )
    """Kept like a secret though it is none: who puts a password into it is refused without showing it."""
    sample_ratio: Share = Field(
        1, description="the share of traces kept of those that begin here; others are as their producer says"
    )
    service_name: str | None = Field(
        None, description="what it is called there; none: OTEL_SERVICE_NAME, else mintmark"
    )

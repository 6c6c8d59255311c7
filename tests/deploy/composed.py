"""deploy/compose.yaml, read: as ``docker compose`` reads it where nothing is set."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.docs.pages import ROOT

FOLDER = ROOT / "deploy"
FILE = FOLDER / "compose.yaml"
DEFAULT = re.compile(r"\$\{(\w+):-([^}]*)\}")
COMPOSE: dict[str, Any] = yaml.safe_load(DEFAULT.sub(r"\2", FILE.read_text("utf-8")))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
INTERPOLATED = [name for name, _ in DEFAULT.findall(FILE.read_text("utf-8"))]


def environment(service: str) -> Mapping[str, str]:
    """What a service is told in variables."""
    told: Mapping[str, str] = SERVICES[service].get("environment", {})
    return told


def mounts(service: str) -> Sequence[tuple[str, str]]:
    """What is mounted into a service: a volume or a path, and where."""
    return [tuple(one.split(":")[:2]) for one in SERVICES[service].get("volumes", [])]


def files(service: str) -> Sequence[Path]:
    """The files and folders of the checkout that are mounted into a service."""
    return [FOLDER / source for source, _ in mounts(service) if source.startswith(".")]

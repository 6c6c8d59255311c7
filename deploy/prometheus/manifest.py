"""Writes the rules as the Prometheus operator reads them: ``python -m deploy.prometheus.manifest``."""

from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).with_name("rules")
MANIFEST = Path(__file__).parents[1] / "kubernetes" / "components" / "monitoring" / "rules.yaml"
HEADER = "# Made of deploy/prometheus/rules by python -m deploy.prometheus.manifest.\n"


def manifest() -> str:
    """The text of the manifest: all groups of all files of rules, in the order of their names."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.yml"))]
    document: dict[str, Any] = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "mintmark"},
        "spec": {"groups": [group for file in files for group in file["groups"]]},
    }
    return HEADER + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)


if __name__ == "__main__":
    MANIFEST.write_text(manifest(), encoding="utf-8")

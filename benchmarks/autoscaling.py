"""How many workers KEDA would have: its arithmetic, with the numbers of ``deploy/kubernetes``.

KEDA hands its three answers to a horizontal pod autoscaler, which asks every fifteen seconds. What that
does with them stands in the pages of Kubernetes ("Algorithm details", "Configurable scaling behavior").
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, Self

import yaml

FOLDER = Path(__file__).resolve().parents[1] / "deploy" / "kubernetes"
SYNC_SECONDS = 15.0
"""``--horizontal-pod-autoscaler-sync-period``: how often an autoscaler decides."""
TOLERANCE = 0.1
"""``--horizontal-pod-autoscaler-tolerance``: nearer than that to the target, nothing is changed."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One question of a ScaledObject. ``each``: a worker for so many; else more of them while over it."""

    name: str
    each: bool
    target: float
    question: str

    def wants(self, replicas: int, answer: float) -> int:
        """How many workers this answer asks for, beside those that are there."""
        ratio = answer / (self.target * (replicas if self.each else 1)) if replicas else answer
        if replicas and abs(ratio - 1) <= TOLERANCE:
            return replicas
        return ceil(answer / self.target) if self.each else ceil(replicas * ratio)


@dataclass(frozen=True, slots=True)
class Policy:
    """The most that may come or go within a time."""

    percent: bool
    value: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of a ScaledObject."""

    least: int
    most: int
    triggers: Sequence[Trigger]
    up: Sequence[Policy]
    down: Sequence[Policy]
    settle_seconds: float
    """Nobody goes before the largest answer of so long allows it."""

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Self:
        """Read the ``spec`` of a ScaledObject."""
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        assert behavior["scaleUp"]["stabilizationWindowSeconds"] == 0
        return cls(
            least=spec["minReplicaCount"],
            most=spec["maxReplicaCount"],
            triggers=[_trigger(one) for one in spec["triggers"]],
            up=[_policy(one) for one in behavior["scaleUp"]["policies"]],
            down=[_policy(one) for one in behavior["scaleDown"]["policies"]],
            settle_seconds=behavior["scaleDown"]["stabilizationWindowSeconds"],
        )

    def trigger(self, name: str) -> Trigger:
        """The trigger of a name."""
        return next(one for one in self.triggers if one.name == name)


def production() -> Rules:
    """The rules of the overlay for production: the component's, and what the overlay sets anew."""
    component = FOLDER / "components" / "autoscaling" / "scaled-object.yaml"
    overlay = FOLDER / "overlays" / "production" / "scaled-object.yaml"
    spec: dict[str, Any] = {}
    for path in (component, overlay):
        docs = yaml.safe_load_all(path.read_text("utf-8"))
        spec |= next(doc["spec"] for doc in docs if doc["kind"] == "ScaledObject")
    return Rules.of(spec)


def _trigger(one: Mapping[str, Any]) -> Trigger:
    metadata = one["metadata"]
    target = metadata.get("threshold", metadata.get("targetQueryValue"))
    return Trigger(one["name"], one["metricType"] == "AverageValue", float(target), metadata["query"])


def _policy(one: Mapping[str, Any]) -> Policy:
    return Policy(one["type"] == "Percent", one["value"], one["periodSeconds"])


@dataclass(slots=True)
class Autoscaler:
    """Decides again and again. ``pace``: how much faster its time goes than that of its rules."""

    rules: Rules
    pace: float = 1.0
    _wanted: deque[tuple[float, int]] = field(default_factory=deque)
    _changes: list[tuple[float, int]] = field(default_factory=list)

    def decide(self, now: float, replicas: int, answers: Mapping[str, float]) -> int:
        """How many workers there shall be, ``now`` (seconds), given the answers to the triggers by name.

        A trigger without an answer counts as zero.
        """
        rules = self.rules
        wanted = max(one.wants(replicas, answers.get(one.name, 0.0)) for one in rules.triggers)
        wanted = min(max(wanted, rules.least), rules.most)
        self._wanted.append((now, wanted))
        while self._wanted[0][0] < now - rules.settle_seconds / self.pace:
            self._wanted.popleft()
        if wanted <= replicas:
            wanted = min(replicas, max(one for _, one in self._wanted))
        chosen = self._within_policies(now, replicas, wanted)
        if chosen != replicas:
            self._changes.append((now, chosen - replicas))
        return chosen

    def _within_policies(self, now: float, replicas: int, wanted: int) -> int:
        if wanted > replicas:
            return min(wanted, max(self._furthest(now, replicas, one, up=True) for one in self.rules.up))
        if wanted < replicas:
            return max(wanted, min(self._furthest(now, replicas, one, up=False) for one in self.rules.down))
        return replicas

    def _furthest(self, now: float, replicas: int, policy: Policy, *, up: bool) -> int:
        since = now - policy.seconds / self.pace
        moved = sum(change for at, change in self._changes if at > since and (change > 0) == up)
        before, sign = replicas - moved, 1 if up else -1
        if not policy.percent:
            return before + sign * policy.value
        share = before * (1 + sign * policy.value / 100)
        return ceil(share) if up else int(share)

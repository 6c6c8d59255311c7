"""deploy/kubernetes: both overlays are valid, hold together, and are in step with the code."""

import re
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from deploy.prometheus.manifest import MANIFEST, manifest
from tests.conftest import Connect
from tests.deploy.kustomized import FOLDER, Doc, containers, overlay
from tests.deploy.room import NOBODY
from worker import observe
from worker.queue.vitals import Vitals
from worker.settings import load_settings
from worker.settings_model import Settings, known_settings
from worker.web.ops import ops_app
from worker.web.site import HEALTH_PATH

KUBECTL = shutil.which("kubectl")
OLDEST, NEWEST = "1.30", "1.37"
"""preStop sleeps since 1.30; the newest is the last that kubernetes-validate knows."""
OPERATORS = {
    "trial": {"Cluster"},
    "production": {"Cluster", "Pooler", "PodMonitor", "PrometheusRule", "ScaledObject"}
    | {"TriggerAuthentication"},
}
EXIT_STUCK_SECONDS = 1
DEFAULTS = Settings()
OVERLAYS = {name: overlay(name) for name in OPERATORS}
Overlay = pytest.mark.parametrize("name", OVERLAYS)


def of_kind(name: str, kind: str) -> dict[str, Doc]:
    return {doc["metadata"]["name"]: doc for doc in OVERLAYS[name] if doc["kind"] == kind}


def pods(name: str) -> dict[str, Doc]:
    """The templates of our pods, by the name of what makes them."""
    return {
        doc["metadata"]["name"]: doc["spec"]["template"]
        for doc in OVERLAYS[name]
        if doc["kind"] in {"Deployment", "Job"}
    }


@Overlay
@pytest.mark.skipif(
    KUBECTL is None, reason="kubectl is not installed: our own reading of kustomize stands alone"
)
def test_kubectl_reads_the_overlay_as_we_do(name: str) -> None:
    done = subprocess.run(
        [str(KUBECTL), "kustomize", FOLDER / "overlays" / name], capture_output=True, text=True, check=True
    )
    docs = list(yaml.safe_load_all(done.stdout))

    assert done.stderr == ""
    assert sorted(docs, key=lambda doc: (doc["kind"], doc["metadata"]["name"])) == OVERLAYS[name]


@Overlay
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_what_the_api_knows_is_valid_by_its_schema_and_the_rest_is_for_operators(
    name: str, version: str
) -> None:
    unknown = set()
    for doc in OVERLAYS[name]:
        try:
            kubernetes_validate.validate(doc, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            unknown.add(doc["kind"])

    assert unknown == OPERATORS[name]


@Overlay
def test_every_variable_is_a_setting_and_together_they_are_right(name: str, tmp_path: Path) -> None:
    shared = of_kind(name, "ConfigMap")["mintmark"]["data"]
    known = {setting.name for setting in known_settings()}
    for pod in pods(name).values():
        [container] = pod["spec"]["containers"]
        told = {one["name"]: one.get("value", "postgresql://owner@host/db") for one in container["env"]}
        told.pop("DATABASE_PASSWORD", None)

        assert told.keys() | shared.keys() <= known
        assert load_settings(
            toml=tmp_path / "no.toml", dotenv=tmp_path / ".env", environ={**shared, **told}
        ).database_url


@Overlay
def test_ports_and_probes_are_those_of_the_code(name: str) -> None:
    paths = {route.path for route in ops_app(Vitals(30, claim_limit_seconds=10), "").routes}  # type: ignore[attr-defined]
    worker, web = (pods(name)[one]["spec"]["containers"][0] for one in ("worker", "web"))

    assert [port["containerPort"] for port in worker["ports"]] == [DEFAULTS.ops.port]
    assert [port["containerPort"] for port in web["ports"]] == [DEFAULTS.web.port]
    assert probed(worker) == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert set(probed(worker).values()) <= paths
    assert set(probed(web).values()) == {HEALTH_PATH}


def probed(container: Doc) -> dict[str, str]:
    [port] = [one["name"] for one in container["ports"]]
    probes = {one: container[f"{one}Probe"]["httpGet"] for one in ("startup", "liveness", "readiness")}
    assert {probe["port"] for probe in probes.values()} == {port}
    return {one: probe["path"] for one, probe in probes.items()}


@Overlay
def test_a_worker_has_the_time_to_drain_that_its_settings_promise(name: str) -> None:
    pod = pods(name)["worker"]["spec"]
    before = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    needed = before + DEFAULTS.queue.grace_seconds + EXIT_STUCK_SECONDS

    assert needed < pod["terminationGracePeriodSeconds"] <= needed + 5


@Overlay
def test_pods_are_restricted_as_the_namespace_demands(name: str) -> None:
    namespace = of_kind(name, "Namespace")["mintmark"]["metadata"]["labels"]
    assert namespace["pod-security.kubernetes.io/enforce"] == "restricted"
    for pod in pods(name).values():
        spec, [container] = pod["spec"], pod["spec"]["containers"]

        assert spec["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "runAsGroup": NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert spec["automountServiceAccountToken"] is False
        assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
        assert container["resources"].keys() == {"requests", "limits"}


@Overlay
def test_what_selects_pods_finds_some_and_names_ports_that_they_have(name: str) -> None:
    labels = [pod["metadata"]["labels"] for pod in pods(name).values()]
    selectors = [
        doc["spec"]["selector"]
        for kind in ("PodMonitor", "PodDisruptionBudget", "Deployment")
        for doc in of_kind(name, kind).values()
    ]
    selectors += [{"matchLabels": doc["spec"]["selector"]} for doc in of_kind(name, "Service").values()]

    for selector in selectors:
        assert any(selector["matchLabels"].items() <= one.items() for one in labels), selector
    [service] = of_kind(name, "Service").values()
    assert service["spec"]["ports"][0]["targetPort"] == "pages"


@Overlay
def test_nothing_reaches_a_pod_of_ours_but_monitoring_and_the_ingress(name: str) -> None:
    policies = of_kind(name, "NetworkPolicy")
    denied = policies["nothing"]["spec"]
    assert (denied["policyTypes"], "ingress" in denied, "egress" in denied) == (
        ["Ingress", "Egress"],
        False,
        False,
    )
    for pod in pods(name).values():
        assert denied["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()

    ours = {
        one: doc["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name")
        for one, doc in policies.items()
        if doc["spec"].get("ingress") and "cnpg.io" not in str(doc["spec"]["podSelector"])
    }
    assert ours == {"metrics": "worker", "pages": "web"}


@Overlay
def test_images_have_a_version_and_no_secret_stands_in_the_files(name: str) -> None:
    images = {container["image"] for doc in OVERLAYS[name] for container in containers(doc)}

    assert len(images) == 1
    assert all(re.fullmatch(r"[\w./-]*mintmark:\d+\.\d+\.\d+", image) for image in images)
    assert of_kind(name, "Secret") == {}


@Overlay
def test_whoever_migrates_is_the_owner_and_goes_past_every_pooler(name: str) -> None:
    [container] = pods(name)["migrate"]["spec"]["containers"]
    cluster = of_kind(name, "Cluster")["mintmark-db"]["spec"]["bootstrap"]["initdb"]

    assert container["args"] == ["migrate"]
    assert container["env"] == [
        {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "mintmark-db-app", "key": "uri"}}}
    ]
    assert cluster["postInitSQL"] == [
        f"create role mintmark_{role} nologin" for role in ("producer", "operator", "reader", "worker")
    ]


def test_workers_in_production_come_with_a_login_of_their_own_through_the_pooler() -> None:
    [worker] = pods("production")["worker"]["spec"]["containers"]
    told = {one["name"]: one.get("value") for one in worker["env"]}
    logins = {
        role["name"]: role["inRoles"]
        for role in of_kind("production", "Cluster")["mintmark-db"]["spec"]["managed"]["roles"]
    }
    [pooler] = of_kind("production", "Pooler").values()

    assert next(iter(told)) == "DATABASE_PASSWORD"  # What refers to it must come after it.
    assert told["DATABASE_URL"].startswith(
        "postgresql://mintmark_service:$(DATABASE_PASSWORD)@mintmark-pooler:"
    )
    assert told["MIGRATIONS_URL"].startswith(
        "postgresql://mintmark_service:$(DATABASE_PASSWORD)@mintmark-db-rw:"
    )
    assert "mintmark_worker" in logins["mintmark_service"]
    assert logins["mintmark_keda"] == ["mintmark_reader"]
    assert pooler["spec"]["pgbouncer"]["poolMode"] == "transaction"


def triggers() -> dict[str, Doc]:
    scaled = of_kind("production", "ScaledObject")["worker"]["spec"]
    return {one["name"]: one for one in scaled["triggers"]}


def test_what_scales_the_workers_is_the_only_one_who_says_how_many() -> None:
    scaled = of_kind("production", "ScaledObject")["worker"]["spec"]
    deployment = of_kind("production", "Deployment")[scaled["scaleTargetRef"]["name"]]
    authentication = of_kind("production", "TriggerAuthentication")[
        triggers()["wake"]["authenticationRef"]["name"]
    ]

    assert "replicas" not in deployment["spec"]
    assert scaled["minReplicaCount"] == 2
    assert [one["parameter"] for one in authentication["spec"]["secretTargetRef"]] == ["password"]


def test_the_triggers_ask_for_metrics_that_workers_tell() -> None:
    told = {
        sample for metric in observe.REGISTRY.collect() for sample in (metric.name, f"{metric.name}_total")
    }
    asked = [one["metadata"]["query"] for one in triggers().values() if one["type"] == "prometheus"]
    names = [re.findall(r"mintmark_\w+", query) for query in asked]

    assert names == [["mintmark_queue_depth"], ["mintmark_queue_oldest_seconds"]]
    assert {name for found in names for name in found} <= told


SCHEDULE = """
insert into worker.schedules (name, cron, timezone, kind, payload, missed, priority, edition, seen_at,
                              next_at)
values ('s', '* * * * *', 'UTC', 'demo', '{}', 'once', 0, 1, now(), now() + interval '%s')
"""
LATER = "select worker.enqueue('demo', run_at => now() + interval '1 hour')"
WAKE = {
    "nothing is there": ("select 1", 0),
    "a job waits": ("select worker.enqueue('demo')", 1),
    "its queue is paused": ("select worker.enqueue('demo'); select worker.pause_queue('default')", 0),
    "it is not due": (LATER, 0),
    "it has become due": (f"{LATER}; update worker.jobs set run_at = now()", 1),
    "it has, in a paused queue": (
        f"{LATER}; update worker.jobs set run_at = now(); select worker.pause_queue('default')",
        0,
    ),
    "a schedule is about to fire": (SCHEDULE % "30 seconds", 1),
    "a schedule fires later": (SCHEDULE % "5 minutes", 0),
    "a dead worker left it behind": (
        "select worker.enqueue('demo'); update worker.jobs set state = 'running', started_at = now()",
        1,
    ),
}


@pytest.mark.parametrize("when", WAKE)
async def test_the_first_worker_is_woken_for_what_needs_one_and_for_nothing_else(
    when: str, connect: Connect
) -> None:
    done, wanted = WAKE[when]
    owner = await connect()
    await owner.execute(done)
    await owner.execute("set role mintmark_reader")  # What mintmark_keda is a member of.

    assert await owner.fetchval(triggers()["wake"]["metadata"]["query"]) == wanted


def test_the_operator_is_told_the_rules_that_prometheus_is() -> None:
    [rules] = of_kind("production", "PrometheusRule").values()

    assert MANIFEST.read_text(encoding="utf-8") == manifest()
    alerts = [
        rule["alert"] for group in rules["spec"]["groups"] for rule in group["rules"] if "alert" in rule
    ]
    assert len(alerts) == len(set(alerts)) >= 20

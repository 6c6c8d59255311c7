"""deploy/compose.yaml: valid, whole, in step with the code, and its commands executed without an engine."""

import json
import re
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.deploy.composed import (
    COMPOSE,
    DEFAULT,
    FILE,
    FOLDER,
    INTERPOLATED,
    OURS,
    SERVICES,
    environment,
    files,
    mounts,
)
from tests.deploy.recipe import health_check
from tests.deploy.room import NOBODY
from tests.deploy.stack import eventually, make_secrets, stack
from worker.accounts.vault import read_ring
from worker.settings import load_settings
from worker.settings_model import Settings, known_settings

PROMTOOL = shutil.which("promtool")
ONE_SHOT = {"secrets", "migrate", "cli"}
DEFAULTS = Settings()
PUBLISHED = re.compile(r"127\.0\.0\.1:(\d+):(\d+)")
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?[\w.-]*(@sha256:[0-9a-f]{64})?")


def test_it_is_valid_by_the_schema_of_compose() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", FILE],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize("service", [name for name in OURS if name != "secrets"])
def test_every_variable_of_ours_is_a_setting_and_together_they_are_right(
    service: str, tmp_path: Path
) -> None:
    loaded = load_settings(
        toml=FOLDER.parent / "worker.toml", dotenv=tmp_path / ".env", environ=environment(service)
    )

    assert set(environment(service)) <= {setting.name for setting in known_settings()}
    assert loaded.database_url is not None
    assert loaded.migrations_url is not None


def test_what_deploy_env_may_say_are_settings_too() -> None:
    assert set(INTERPOLATED) <= {setting.name for setting in known_settings()}


def test_workers_go_through_the_pooler_and_whoever_migrates_does_not() -> None:
    worker, web, migrate = environment("worker"), environment("web"), environment("migrate")

    assert "@pgbouncer:6432/" in worker["DATABASE_URL"]
    assert "@postgres:5432/" in worker["MIGRATIONS_URL"]
    assert web["DATABASE_URL"] == worker["DATABASE_URL"]
    assert migrate["DATABASE_URL"] == migrate["MIGRATIONS_URL"]
    assert "mintmark@postgres:5432/" in migrate["DATABASE_URL"]
    assert "mintmark_service@" in worker["DATABASE_URL"]


def test_the_ports_are_those_of_the_code_and_of_whoever_else_is_asked() -> None:
    scraped = yaml.safe_load((FOLDER / "prometheus" / "prometheus.yml").read_text("utf-8"))
    [job] = [one for one in scraped["scrape_configs"] if one["job_name"] == "mintmark-worker"]
    [found] = job["dns_sd_configs"]
    proxied = re.findall(r"reverse_proxy (\S+)", (FOLDER / "compose" / "Caddyfile").read_text("utf-8"))
    pooler = (FOLDER / "pgbouncer" / "pgbouncer.ini").read_text("utf-8")
    source = yaml.safe_load((FOLDER / "grafana/provisioning/datasources/prometheus.yaml").read_text("utf-8"))

    assert (found["names"], found["port"]) == (["worker"], DEFAULTS.ops.port)
    assert proxied == [f"web:{DEFAULTS.web.port}"]
    assert f":{DEFAULTS.web.port}/healthz" in SERVICES["web"]["healthcheck"]["test"][-1]
    assert environment("web")["WORKER_WEB__PORT"] == str(DEFAULTS.web.port)
    assert "listen_port = 6432" in pooler
    assert "host=postgres port=5432" in pooler
    assert source["datasources"][0]["uid"] == "prometheus"
    assert source["datasources"][0]["url"] == "http://prometheus:9090"


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: apt-get install prometheus)")
def test_prometheus_reads_its_configuration() -> None:
    done = subprocess.run(
        [str(PROMTOOL), "check", "config", FOLDER / "prometheus" / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_grafana_finds_its_dashboards_where_they_are_mounted() -> None:
    provided = yaml.safe_load((FOLDER / "grafana/provisioning/dashboards/mintmark.yaml").read_text("utf-8"))
    mounted = {at: FOLDER / source for source, at in mounts("grafana") if source.startswith(".")}

    assert mounted[provided["providers"][0]["options"]["path"]] == FOLDER / "grafana" / "dashboards"
    assert mounted["/etc/grafana/provisioning"] == FOLDER / "grafana" / "provisioning"


def test_nothing_is_published_but_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert set(published) == {"proxy", "prometheus", "grafana"}
    assert all(PUBLISHED.fullmatch(port) for ports in published.values() for port in ports)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_mounted_exists(service: str) -> None:
    assert [path for path in files(service) if not path.exists()] == []
    assert {source for source, _ in mounts(service) if not source.startswith(".")} <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("service", [name for name in SERVICES if name not in OURS])
def test_other_peoples_images_are_pinned(service: str) -> None:
    assert PINNED.fullmatch(SERVICES[service]["image"])


def test_each_service_waits_for_what_it_needs_and_goes_on_by_itself() -> None:
    for name, service in SERVICES.items():
        for other, wanted in service.get("depends_on", {}).items():
            ends = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert wanted == {"condition": ends}, f"{name} waits for {other}"
            assert other in ONE_SHOT | {"worker"} or "test" in SERVICES[other]["healthcheck"]
        assert ("restart" in service) is (name not in ONE_SHOT), name


@pytest.mark.parametrize("service", OURS)
def test_our_containers_can_write_nowhere_and_have_no_rights_to_lose(service: str) -> None:
    told = SERVICES[service]
    grace = float(told["stop_grace_period"].removesuffix("s"))

    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in told["security_opt"]
    assert told.get("user") == ("0:0" if service == "secrets" else None)
    assert grace >= DEFAULTS.queue.grace_seconds + 2
    assert [source for source, at in mounts(service) if at.startswith("/run/")] in ([], ["mintmark-secrets"])


def test_no_secret_stands_in_the_file() -> None:
    text = DEFAULT.sub("", FILE.read_text("utf-8"))

    assert not re.search(r"://\w+:[^@\s/]+@", text)
    assert not re.search(r"PASSWORD: ", text)
    assert SERVICES["worker"]["deploy"]["replicas"] == 2


def test_secrets_are_made_once_and_fit_together(tmp_path: Path) -> None:
    for name in ("postgres", "pgbouncer", "mintmark", "grafana"):
        (tmp_path / name).mkdir()
    make_secrets(tmp_path)
    first = {path: path.read_text() for path in tmp_path.glob("*/*")}
    (tmp_path / "mintmark" / "pgpass").unlink()  # As if the first start had been cut off.
    make_secrets(tmp_path)

    owner, service = (first[tmp_path / "postgres" / name] for name in ("owner", "service"))
    passwords = tmp_path / "mintmark" / "pgpass"
    assert {path: path.read_text() for path in tmp_path.glob("*/*")} == first
    assert first[tmp_path / "pgbouncer" / "userlist.txt"] == f'"mintmark_service" "{service}"\n'
    assert f":mintmark:{owner}\n" in first[passwords]
    assert f":mintmark_service:{service}\n" in first[passwords]
    assert (passwords.stat().st_uid, stat.S_IMODE(passwords.stat().st_mode)) == (NOBODY, 0o600)
    assert read_ring(None, tmp_path / "mintmark" / "keys").knows("first")
    assert len({owner, service, first[tmp_path / "grafana" / "admin"]}) == 3


@pytest.mark.timeout(300)
def test_the_services_start_work_and_stop_with_what_the_file_tells_them(
    image: dict[str, Path], tmp_path: Path
) -> None:
    with stack(tmp_path, image) as up:
        migrated = up.run("migrate")
        assert migrated.returncode == 0, migrated.stdout
        assert "nothing to apply" in up.run("migrate").stdout
        with up.running("worker", tmp_path / "worker.log") as worker, up.running("web", tmp_path / "web.log"):
            assert up.becomes_healthy("worker", health_check()), (tmp_path / "worker.log").read_text()
            assert up.becomes_healthy("web", SERVICES["web"]["healthcheck"]["test"][1:])
            told = up.run("worker", "env", "--chdir=/app", "mintmark", "enqueue", "demo", '{"items": 3}')
            with psycopg.connect(up.url, autocommit=True) as asked:
                query = "select state from worker.job_status where id = %s"
                assert eventually(
                    lambda: asked.execute(query, [int(told.stdout)]).fetchone() == ("completed",)
                )
            worker.send_signal(signal.SIGTERM)
            ended = worker.wait(15)

    said = [json.loads(line) for line in (tmp_path / "worker.log").read_text().splitlines()]
    assert ended == 0
    assert {"pooler_found", "worker_started", "worker_stopped"} <= {line["event"] for line in said}
    assert [line["mode"] for line in said if line["event"] == "wakeup_mode"] == ["listen"]
    assert [line for line in said if line["level"] not in {"info", "debug"}] == []

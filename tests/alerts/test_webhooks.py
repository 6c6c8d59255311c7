"""A webhook is told over the way that was vetted, and its URL is told to nobody."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from pydantic import SecretStr

from tests.alerts.receiver import Receiver, notice
from worker.clients.addresses import is_everybodys
from worker.clients.answers import AnsweredDown, AnsweredNo
from worker.clients.forms import DISCORD, GENERIC, SLACK, Form
from worker.clients.http import Wiring
from worker.clients.notices import Message
from worker.clients.webhooks import Webhook
from worker.errors import SourceDown, SourceRefused

ONE = Message([notice()])
SECRET = "T0k3n-that-nobody-sees"


def hook(url: str, form: Form = GENERIC, **given: object) -> Webhook:
    return Webhook(form, SecretStr(url), **{"allow_private": True, **given})  # type: ignore[arg-type]


@contextmanager
def canary() -> Iterator[tuple[int, list[object]]]:
    """A listener on loopback, and all who came."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            try:
                while True:
                    connection, address = listener.accept()
                    came.append(address)
                    connection.close()
            except OSError:
                return

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1], came
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("form", [GENERIC, SLACK, DISCORD], ids=lambda form: form.name)
async def test_a_webhook_is_told_in_its_form(receiver: Receiver, form: Form) -> None:
    await hook(f"{receiver.url}/x", form).send(ONE)

    assert receiver.told["x"] == [form.body(ONE)]
    assert receiver.hosts == [receiver.url.removeprefix("http://")]


async def test_what_came_of_it_is_counted(receiver: Receiver) -> None:
    heard: list[tuple[str, str]] = []
    wiring = Wiring(on_request=lambda api, status, _: heard.append((api, status)))
    receiver.status = {"no": 404, "slow": 429, "down": 503}
    for path in ("yes", "no", "slow", "down"):
        with anyio.CancelScope():
            try:
                await hook(f"{receiver.url}/{path}", SLACK, wiring=wiring).send(ONE)
            except (SourceDown, SourceRefused):
                continue

    assert heard == [("slack", "2xx"), ("slack", "4xx"), ("slack", "429"), ("slack", "5xx")]


async def test_advice_to_wait_is_passed_on(receiver: Receiver) -> None:
    receiver.status, receiver.headers = {"x": 429}, {"Retry-After": "120"}

    with pytest.raises(AnsweredDown) as down:
        await hook(f"{receiver.url}/x").send(ONE)

    assert down.value.retry_after is not None
    assert down.value.retry_after.total_seconds() == 120


async def test_an_answer_that_does_not_come_is_waited_for_in_vain_and_not_long(receiver: Receiver) -> None:
    receiver.answering.clear()

    with pytest.raises(SourceDown, match=r"the webhook webhook did not answer within 0\.2 s"):
        await hook(f"{receiver.url}/x", seconds=0.2).send(ONE)
    receiver.answering.set()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
    ],
)
async def test_our_own_network_is_not_reached_however_it_is_written(host: str) -> None:
    with canary() as (port, came), pytest.raises((SourceRefused, SourceDown)):
        await hook(f"http://{host}:{port}/{SECRET}", allow_private=False).send(ONE)

    assert came == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "fc00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_everybodys_is_known(address: str) -> None:
    assert not is_everybodys(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "162.159.128.233", "2606:4700::6810:1", "2a00:1450::1"])
def test_an_address_that_is_everybodys_is_known(address: str) -> None:
    assert is_everybodys(address)


async def test_one_private_address_among_public_ones_is_one_too_many() -> None:
    async def both(_: str, __: int) -> Sequence[str]:
        return ["8.8.8.8", "10.0.0.1"]

    with pytest.raises(SourceRefused, match="not public"):
        await hook(f"https://hooks.example/{SECRET}", allow_private=False, resolve=both).send(ONE)


async def test_a_name_that_leads_elsewhere_when_asked_again_is_asked_once(receiver: Receiver) -> None:
    asked: list[str] = []

    async def flipping(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    port = receiver.url.rpartition(":")[2]
    await hook(f"http://nowhere.invalid:{port}/x", resolve=flipping).send(ONE)

    assert asked == ["nowhere.invalid"]
    assert receiver.hosts == [f"nowhere.invalid:{port}"]


async def test_an_address_that_takes_no_connection_is_passed_over_for_the_next(receiver: Receiver) -> None:
    async def two(_: str, __: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    port = receiver.url.rpartition(":")[2]
    await hook(f"http://two.invalid:{port}/x", resolve=two).send(ONE)

    assert receiver.told["x"] == [GENERIC.body(ONE)]


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with canary() as (port, came):
        receiver.status = {"x": 302}
        receiver.headers = {"Location": f"http://127.0.0.1:{port}/latest/meta-data"}
        with pytest.raises(AnsweredNo, match="redirects are not followed"):
            await hook(f"{receiver.url}/x").send(ONE)

    assert came == []


async def test_a_proxy_of_the_environment_is_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with canary() as (port, came):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        await hook(f"{receiver.url}/x").send(ONE)

    assert came == []


@pytest.mark.parametrize("status", [302, 400, 404, 410, 429, 500, 503])
async def test_the_url_stands_in_no_error(receiver: Receiver, status: int) -> None:
    receiver.status = {SECRET: status}

    with pytest.raises((SourceDown, SourceRefused)) as refused:
        await hook(f"{receiver.url}/{SECRET}").send(ONE)

    assert str(status) in str(refused.value)
    assert SECRET not in str(refused.value)
    assert "127.0.0.1" not in str(refused.value)


@pytest.mark.parametrize(
    "url", [f"https://nowhere.invalid/{SECRET}", f"http://127.0.0.1:1/{SECRET}", f"https://x:99999/{SECRET}"]
)
async def test_the_url_of_a_place_that_cannot_be_reached_stands_in_no_error(url: str) -> None:
    with pytest.raises((SourceDown, SourceRefused)) as lost:
        await hook(url).send(ONE)

    assert SECRET not in str(lost.value)
    assert SECRET not in repr(hook(url).__dict__)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for hooks.example alone, with its key."""
    made = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    made += ["-subj", "/CN=hooks.example", "-addext", "subjectAltName=DNS:hooks.example"]
    try:
        subprocess.run(
            ["openssl", *made, "-keyout", "key.pem", "-out", "cert.pem"],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("openssl is not here")
    return tmp_path


@pytest.mark.parametrize(("host", "well"), [("hooks.example", True), ("other.example", False)])
async def test_the_certificate_is_held_against_the_name_and_not_the_address(
    certificate: Path, host: str, well: bool
) -> None:
    async def here(_: str, __: int) -> Sequence[str]:
        return ["127.0.0.1"]

    names: list[str | None] = []
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    inside.sni_callback = lambda _, name, __: names.append(name)
    trusting = ssl.create_default_context(cafile=certificate / "cert.pem")
    with served_once(inside) as port:
        webhook = hook(f"https://{host}:{port}/x", resolve=here, verify=trusting)
        if well:
            await webhook.send(ONE)
        else:
            with pytest.raises(SourceDown):
                await webhook.send(ONE)

    assert names == [host]


@contextmanager
def served_once(inside: ssl.SSLContext) -> Iterator[int]:
    """A server that answers one request with 204."""

    def answer(listener: socket.socket) -> None:
        plain, _ = listener.accept()
        try:
            with inside.wrap_socket(plain, server_side=True) as connection:
                while not (said := connection.recv(65536)).endswith(b"}"):
                    assert said
                connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        except OSError:
            plain.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=[listener])
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join(10)

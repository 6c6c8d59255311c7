"""Requests that nobody sensible sends: made up from a seed, and scripts that look for a page to run on."""

import asyncio
import json
import random
from base64 import b64encode
from urllib.parse import quote

from worker.web.connecting import CALLBACK_PATH, COOKIE, START_PATH
from worker.web.notifications import CLOSED_PATH, REVOKED_PATH

CANARY = "canary7b1f"
PATHS = [START_PATH, CALLBACK_PATH, CLOSED_PATH, REVOKED_PATH, "/healthz"]
METHODS = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW", "get", "G" * 100]
PARAMETERS = ["ticket", "state", "code", "error", "error_description", "expires_in", "challenge_code", "x"]
SCRIPTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "\r\nSet-Cookie: evil=1\r\n\r\n<script>alert(1)</script>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\u003cscript\u003ealert(1)\u003c/script\u003e",
    "<!--<script>alert(1)//-->",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]
CONTINUE = b"HTTP/1.1 100"
ODD = [
    "",
    "a",
    "%00",
    "%ff%fe",
    "%u0041",
    "\x7f",
    "☃",
    "%0d%0a",
    "../../etc/passwd",
    "' or 1=1 --",
    "v^1.1#i^1",
]


def made_up(chance: random.Random) -> bytes:
    """One request, more or less well-formed, that ends the connection."""
    method, path = chance.choice(METHODS), _path(chance)
    body = _body(chance)
    lines = [
        f"{method} {path} HTTP/1.{chance.choice('11110')}",
        "Host: connect.example.com",
        "Connection: close",
    ]
    if body or chance.random() < 0.1:
        lines.append(f"Content-Length: {_length(chance, len(body))}")
    lines += [_header(chance) for _ in range(chance.randrange(4))]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + body


def _path(chance: random.Random) -> str:
    path = chance.choice(PATHS)
    if chance.random() < 0.1:
        path += chance.choice(["/", "//", "/..", ";x", ".html", "%2f"])
    elif chance.random() < 0.1:
        path = chance.choice(["/", "*", "//evil.example/x", "http://evil.example/", "/" + "a" * 4000])
    given = [f"{chance.choice(PARAMETERS)}={_value(chance)}" for _ in range(chance.randrange(5))]
    return f"{path}?{'&'.join(given)}" if given else path


def _value(chance: random.Random) -> str:
    match chance.randrange(5):
        case 0:
            return quote(chance.choice(SCRIPTS))
        case 1:
            return quote(chance.choice(ODD), safe="%")
        case 2:
            return CANARY * chance.choice([1, 3, 30, 300])
        case 3:
            return quote(chr(chance.randrange(32, 0xD7FF)) * 5)
        case _:
            return "".join(chance.choices("abcdefghijklmnopqrstuvwxyzABCDEF0123456789_-", k=43))


def _body(chance: random.Random) -> bytes:
    match chance.randrange(6):
        case 0:
            return json.dumps(
                {"metadata": {"topic": chance.choice(SCRIPTS)}, "notification": CANARY}
            ).encode()
        case 1:
            return chance.randbytes(chance.randrange(200))
        case 2:
            return b"x" * chance.choice([64 * 1024, 64 * 1024 + 1, 80_000])
        case _:
            return b""


def _length(chance: random.Random, true: int) -> str:
    return chance.choice([str(true)] * 12 + ["-1", "1e3", "99999999999999999999", "٣"])


def _header(chance: random.Random) -> str:
    signed = {"alg": "ecdsa", "kid": _value(chance)[:64], "signature": CANARY, "digest": "SHA1"}
    return chance.choice(
        [
            f"Cookie: {COOKIE}={_value(chance)[:200]}",
            f"X-Request-ID: {CANARY}",
            f"X-EBAY-SIGNATURE: {b64encode(json.dumps(signed).encode()).decode()}",
            f"X-EBAY-SIGNATURE: {_value(chance)}",
            f"Authorization: Bearer {CANARY}",
            "Transfer-Encoding: chunked",
            "Expect: 100-continue",
            "Upgrade: websocket",
            f"Accept: {'a/b,' * chance.randrange(50)}",
            f"X-Long: {'y' * chance.choice([100, 9000, 20_000])}",
            "Broken header",
        ]
    )


async def told(host: str, port: int, request: bytes) -> int:
    """Send it, and nothing after it; answers the status, 0 where the server only hung up."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        writer.write_eof()
        first = await reader.readline()
        while first.startswith(CONTINUE) or first == b"\r\n":
            first = await reader.readline()
        while await reader.read(65_536):
            pass
    except ConnectionError:
        return 0
    finally:
        writer.close()
    return int(first.split()[1]) if first.startswith(b"HTTP/1.1 ") else 0

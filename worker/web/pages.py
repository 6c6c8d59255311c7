"""What the web process answers: pages for people, JSON for programs, and the headers of them all."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

HTML, JSON = "text/html; charset=utf-8", "application/json"
STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:34em;margin:4em auto;padding:0 1em;color:#222}"
    "footer{color:#666;font-size:.8em;border-top:1px solid #ddd;margin-top:3em}"
)
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer, whatever it is."""
PAGE = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{title}}</title><style>{STYLE.replace("{", "{{").replace("}", "}}")}</style></head><body>
<h1>{{title}}</h1>
{{sentences}}
<footer><p>mintmark. Request <code>{{request}}</code></p></footer></body></html>
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in full; ``why`` is what the log says of it, and only the log."""

    status: int
    body: str = ""
    media: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    why: str | None = None


def page(
    request: str,
    status: int,
    title: str,
    *sentences: str,
    why: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A page of plain sentences; all of it is escaped. ``request`` is the id by which the log knows it."""
    body = PAGE.format(
        title=escape(title),
        sentences="\n".join(f"<p>{escape(sentence)}</p>" for sentence in sentences),
        request=escape(request),
    )
    return Answer(status, body, headers=headers or {}, why=why)


def json_answer(status: int, value: object, *, why: str | None = None) -> Answer:
    """JSON, for a program."""
    return Answer(status, json.dumps(value), JSON, why=why)

"""How each webhook wants to be told: generic JSON, Slack's form and Discord's.

What comes from outside (a run's name, an error's text) is escaped, so that it can neither call people nor
pretend to be ours.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from worker.clients.notices import Message, Notice, about, as_json, headline, moment, sentence, where_to_look

MOST_AS_JSON = 100
SLACK_LONGEST = 4000
"""Characters, "for best results"; it cuts at 40,000 (Slack, chat.postMessage)."""
DISCORD_LONGEST = 2000
"""Characters of ``content`` (Discord, Execute Webhook); counted as UTF-16 does, to be on the safe side."""
DISCORD_NO_PREVIEWS = 4
"""The flag SUPPRESS_EMBEDS."""
UNBREAKABLE = "\u200b"
"""A space without width: behind an @ it keeps what follows from being somebody's name."""
DISCORD_MARKS = re.compile(r"[\\*_~`|<>\[\]()#]")
SLACK_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": f"@{UNBREAKABLE}"})


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind of webhook is told: the JSON of a message, and whether there is room for as much."""

    name: str
    body: Callable[[Message], Mapping[str, Any]]
    fits: Callable[[Message], bool]


def slack_text(text: str) -> str:
    """Escape by Slack's rule (&, < and >), so that ``<!channel>`` is text, and take the edge off @."""
    return text.translate(SLACK_ENTITIES)


def discord_text(text: str) -> str:
    """Escape Discord's markdown, and take the edge off @."""
    return DISCORD_MARKS.sub(r"\\\g<0>", text).replace("@", f"@{UNBREAKABLE}")


def _text(message: Message, escape: Callable[[str], str]) -> str:
    if message.summary:
        return f"mintmark: {escape(headline(message))}\n{escape(where_to_look(message))}"
    if len(message.notices) == 1:
        return f"mintmark: {_line(message.notices[0], escape)}"
    lines = [f"• {_line(notice, escape)}" for notice in message.notices]
    return "\n".join([f"mintmark: {escape(headline(message))}", *lines])


def _line(notice: Notice, escape: Callable[[str], str]) -> str:
    return escape(f"{notice.alert}, {moment(notice)}: {sentence(notice)}{about(notice)}")


def _slack(message: Message) -> dict[str, Any]:
    plainly = {"mrkdwn": False, "parse": "none", "link_names": False}
    return {"text": _text(message, slack_text), **plainly, "unfurl_links": False, "unfurl_media": False}


def _discord(message: Message) -> dict[str, Any]:
    text = _text(message, discord_text)
    return {"content": text, "allowed_mentions": {"parse": []}, "flags": DISCORD_NO_PREVIEWS}


def _discord_length(message: Message) -> int:
    return len(_text(message, discord_text).encode("utf-16-le")) // 2


def _generic(message: Message) -> dict[str, Any]:
    alerts = [as_json(notice) for notice in message.notices]
    return {"text": headline(message), "summary": message.summary, "alerts": alerts}


GENERIC = Form("webhook", _generic, lambda message: len(message.notices) <= MOST_AS_JSON)
SLACK = Form("slack", _slack, lambda message: len(_text(message, slack_text)) <= SLACK_LONGEST)
DISCORD = Form("discord", _discord, lambda message: _discord_length(message) <= DISCORD_LONGEST)

"""What a channel is told: as much as it takes, and nothing that it would take for a command."""

from typing import Any

import pytest

from tests.alerts.receiver import notice
from worker.clients.forms import DISCORD, DISCORD_LONGEST, GENERIC, SLACK, SLACK_LONGEST, Form
from worker.clients.notices import LONGEST_SENTENCE, Message, headline, next_message

EVIL = "@everyone <!channel> <@U024BE7LH> <https://evil.example|click> **bold** `x` [y](https://evil.example)"


def slack(*messages: str) -> dict[str, Any]:
    return dict(SLACK.body(Message([notice(n, text) for n, text in enumerate(messages, start=1)])))


def discord(*messages: str) -> dict[str, Any]:
    return dict(DISCORD.body(Message([notice(n, text) for n, text in enumerate(messages, start=1)])))


def test_nobody_is_called_by_what_stands_in_a_name_in_slack() -> None:
    told = slack(EVIL)

    assert not {"<", ">"} & set(told["text"])
    assert "@everyone" not in told["text"]
    assert "&lt;!channel&gt;" in told["text"]
    assert (told["mrkdwn"], told["parse"], told["link_names"]) == (False, "none", False)


def test_nobody_is_called_by_what_stands_in_a_name_in_discord() -> None:
    told = discord(EVIL)

    assert told["allowed_mentions"] == {"parse": []}
    assert "@everyone" not in told["content"]
    assert r"\*\*bold\*\*" in told["content"]
    assert r"\[y\]\(https://evil.example\)" in told["content"]
    assert r"\<" in told["content"]


@pytest.mark.parametrize("form", [GENERIC, SLACK, DISCORD], ids=lambda form: form.name)
def test_a_line_cannot_be_forged_nor_a_terminal_steered(form: Form) -> None:
    told = str(form.body(Message([notice(message="fine\n\r\u2028mintmark: all is well\u202e\x1b[31m")])))

    assert "fine mintmark: all is well " in told.replace("\\", "")
    assert not {"\u2028", "\u202e", "\x1b"} & set(told)
    assert "\\u2028" not in told
    assert "\\u202e" not in told
    assert "\\x1b" not in told


@pytest.mark.parametrize("letter", ["x", "*", "@", "&", "\N{PILE OF POO}"])
def test_the_longest_alert_fits_every_channel(letter: str) -> None:
    message = Message([notice(message=letter * 10_000)])

    assert DISCORD.fits(message)
    assert SLACK.fits(message)
    assert (
        LONGEST_SENTENCE < len(DISCORD.body(message)["content"].encode("utf-16-le")) // 2 <= DISCORD_LONGEST
    )
    assert len(SLACK.body(message)["text"]) <= SLACK_LONGEST


def test_many_go_into_one_message_as_far_as_it_has_room() -> None:
    waiting = [notice(n, "x" * 300) for n in range(1, 21)]

    first = next_message(waiting, free=20, fits=DISCORD.fits)

    assert not first.summary
    assert [one.id for one in first.notices] == list(range(1, len(first.notices) + 1))
    assert 3 <= len(first.notices) < 20
    assert DISCORD.fits(first)
    assert not DISCORD.fits(Message(waiting[: len(first.notices) + 1]))


def test_into_the_last_free_message_goes_all_the_rest_by_its_count() -> None:
    waiting = [notice(n, "x" * 300) for n in range(1, 501)]

    last = next_message(waiting, free=1, fits=DISCORD.fits)

    assert (last.summary, len(last.notices)) == (True, 500)
    assert "500 alerts: 500 run\\_failed" in DISCORD.body(last)["content"]
    assert "numbers 1 to 500" in DISCORD.body(last)["content"]
    assert DISCORD.fits(last)


def test_the_last_free_message_is_no_summary_where_all_of_it_has_room() -> None:
    assert not next_message([notice(1), notice(2)], free=1, fits=SLACK.fits).summary


def test_a_channel_that_dislikes_a_word_is_told_the_count_alone() -> None:
    message = next_message([notice(1, "a word")], free=5, fits=SLACK.fits, counted=True)

    assert message.summary
    assert "a word" not in SLACK.body(message)["text"]


def test_a_summary_as_json_has_every_alert_in_full() -> None:
    told = GENERIC.body(Message([notice(n) for n in range(1, 301)], summary=True))

    assert [alert["id"] for alert in told["alerts"]] == list(range(1, 301))
    assert told["summary"] is True


def test_the_headline_counts_by_what_happened() -> None:
    message = Message([notice(1), notice(2, alert="job_quarantined"), notice(3)])

    assert headline(message) == "3 alerts: 2 run_failed, 1 job_quarantined"
    assert headline(Message([notice(1)])) == "1 alert: 1 run_failed"

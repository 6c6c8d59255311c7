"""Alerts by e-mail, to a real SMTP server."""

import email
import email.policy

import pytest
from pydantic import SecretStr

from tests.alerts.receiver import Postbox, notice
from worker.clients.mail import Mail, MailServer
from worker.clients.notices import Message
from worker.errors import SourceDown, SourceRefused

TO = ["ops@example.com", "boss@example.com"]
ONE = Message([notice(7, 'The run "Pokémon" has failed.')])


def mail(port: int, **server: object) -> Mail:
    given = {"security": "none", **server}
    return Mail(
        MailServer("127.0.0.1", port, **given),  # type: ignore[arg-type]
        sender="mintmark@example.org",
        recipients=TO,
        seconds=5,
    )


async def test_an_alert_comes_as_one_mail_to_all(box: Postbox) -> None:
    await mail(box.port).send(ONE)

    [told] = [email.message_from_bytes(text, policy=email.policy.default) for text in box.mails]
    assert box.to == [TO]
    assert told["Subject"] == "mintmark: 1 alert: 1 run_failed"
    assert (told["From"], told["To"]) == ("mintmark@example.org", ", ".join(TO))
    assert told["Auto-Submitted"] == "auto-generated"
    body = told.get_body()
    assert body
    assert 'The run "Pokémon" has failed.' in body.get_content()
    assert "2026-11-20 21:40:24 UTC  run_failed" in body.get_content()


async def test_a_mail_that_is_sent_again_has_the_same_id(box: Postbox) -> None:
    await mail(box.port).send(ONE)
    await mail(box.port).send(ONE)

    first, again = (email.message_from_bytes(text) for text in box.mails)
    assert first["Message-ID"] == again["Message-ID"] == "<mintmark-alerts-7-7@example.org>"


def test_a_name_cannot_add_a_header() -> None:
    evil = Message([notice(message="x\r\nBcc: all@example.com", alert="run_failed")])

    written = mail(1).written(evil)

    assert written["Bcc"] is None
    assert "x Bcc: all@example.com" in written.get_content()


async def test_a_server_that_says_later_is_down(box: Postbox) -> None:
    box.answer = "451 later, token hunter2"

    with pytest.raises(SourceDown, match=r"answered 451 \(SMTPDataError\)") as later:
        await mail(box.port).send(ONE)

    assert "hunter2" not in str(later.value)


async def test_a_server_that_says_no_has_refused(box: Postbox) -> None:
    box.answer = "554 no"

    with pytest.raises(SourceRefused, match="answered 554"):
        await mail(box.port).send(ONE)


async def test_nothing_is_sent_in_the_clear_where_starttls_was_asked_for(box: Postbox) -> None:
    with pytest.raises(SourceRefused, match="STARTTLS"):
        await mail(box.port, security="starttls").send(ONE)

    assert box.mails == []


async def test_a_password_is_not_sent_to_a_server_that_asks_for_none(box: Postbox) -> None:
    with pytest.raises(SourceRefused) as refused:
        await mail(box.port, username="mint", password=SecretStr("hunter2")).send(ONE)

    assert "hunter2" not in str(refused.value)
    assert box.mails == []


async def test_a_server_that_is_not_there_is_down() -> None:
    with pytest.raises(SourceDown, match="could not be reached"):
        await mail(1).send(ONE)

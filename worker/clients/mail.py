"""Send a message by e-mail, over SMTP."""

import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Literal

import aiosmtplib
import anyio
from pydantic import SecretStr

from worker import tracing
from worker.clients.http import Wiring
from worker.clients.notices import Message, about, headline, moment, sentence, where_to_look
from worker.errors import SourceDown, SourceError, SourceRefused

SEND_SECONDS = 20.0
"""For all of it; servers make strangers wait."""
MOST_LINES = 100
FOR_GOOD = 500
"""From here on a reply means no, below it means later (RFC 5321, 4.2.1)."""
WHAT = "the mail server"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. ``security``: STARTTLS must be there, TLS from the first byte on, or none."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    username: str | None = None
    password: SecretStr | None = None


class Mail:
    """The channel ``mail``: every message is one e-mail to all who are to be told."""

    name = "mail"

    def __init__(
        self,
        server: MailServer,
        *,
        sender: str,
        recipients: list[str],
        wiring: Wiring | None = None,
        seconds: float = SEND_SECONDS,
    ) -> None:
        self._server, self._sender, self._recipients = server, sender, recipients
        self._wiring, self._seconds = wiring or Wiring(), seconds

    def fits(self, message: Message) -> bool:
        """Tell whether somebody would read as much."""
        return len(message.notices) <= MOST_LINES

    async def send(self, message: Message) -> None:
        """Hand over one message; raises SourceDown or SourceRefused: it may have arrived all the same.

        It counts as taken when the server takes it for one of the recipients.
        """
        began = time.monotonic()
        with tracing.api_call(api=self.name, operation="send") as asked:
            asked.status, error = await self._tried(self.written(message))
        self._wiring.on_request(self.name, asked.status, time.monotonic() - began)
        if error is not None:
            raise error

    def written(self, message: Message) -> EmailMessage:
        """The e-mail. One that is sent again has the id of the first, so that a mailbox may show it once."""
        ids = f"{message.notices[0].id}-{message.notices[-1].id}"
        mail = EmailMessage()
        mail["Subject"] = f"mintmark: {headline(message)}"
        mail["From"] = self._sender
        mail["To"] = ", ".join(self._recipients)
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<mintmark-alerts-{ids}@{self._sender.rpartition('@')[2].strip('>')}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(_text(message), cte="quoted-printable")  # Every server can pass that on.
        return mail

    async def _tried(self, mail: EmailMessage) -> tuple[str, SourceError | None]:
        """The class of the answer, in HTTP's words like all others; and the error, if it is one."""
        try:
            with anyio.fail_after(self._seconds):
                await self._hand_in(mail)
        except (TimeoutError, aiosmtplib.SMTPTimeoutError):
            return "timeout", SourceDown(f"{WHAT} did not answer within {self._seconds:g} s")
        except (aiosmtplib.SMTPException, OSError) as error:
            meant = _meaning(error)
            return "4xx" if isinstance(meant, SourceRefused) else "refused", meant
        return "2xx", None

    async def _hand_in(self, mail: EmailMessage) -> None:
        server, password = self._server, self._server.password
        await aiosmtplib.send(
            mail,
            sender=self._sender,
            recipients=self._recipients,
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=None if password is None else password.get_secret_value(),
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            timeout=self._seconds,
        )


def _text(message: Message) -> str:
    lines = [
        f"{moment(notice)}  {notice.alert}\n{sentence(notice)}{about(notice)}\n" for notice in message.notices
    ]
    return "\n".join([where_to_look(message) + "\n", *lines] if message.summary else lines)


def _meaning(error: Exception) -> SourceError:
    """What an answer means; of its words only the number, for they may repeat what was said to it."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            return _meaning(first)
        case _ if type(error) in (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported):
            return SourceRefused(f"{WHAT} offers no STARTTLS, or no way to log in; see alerts.mail_security")
        case aiosmtplib.SMTPResponseException(code=code) if code >= FOR_GOOD:
            return SourceRefused(f"{WHAT} answered {code} ({type(error).__name__})")
        case aiosmtplib.SMTPResponseException(code=code):
            return SourceDown(f"{WHAT} answered {code} ({type(error).__name__})")
        case _:
            return SourceDown(f"{WHAT} could not be reached, or hung up ({type(error).__name__})")

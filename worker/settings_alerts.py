"""What can be set about alerts: where they are sent, and how often at most."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from worker.settings_section import Count, Port, Section

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def _hook_url(url: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(url.get_secret_value())
        host, _ = parts.hostname, parts.port
    except ValueError:  # Its words would show the URL.
        host = None
    if not host or parts.scheme not in {"https", "http"}:
        raise ValueError("it must be a URL that begins with https://")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueError("it must begin with https://; http:// is for this machine alone")
    return url


def _mail_address(text: str) -> str:
    name, _, domain = text.strip().rpartition("@")
    if not (name and domain and text.isascii() and text.isprintable()) or set(text.strip()) & set(' <>,;"'):
        raise ValueError("it must be an e-mail address such as ops@example.com")
    return text.strip()


def _mail_addresses(text: str) -> str:
    return ", ".join(map(_mail_address, text.split(",")))


HookUrl = Annotated[SecretStr, AfterValidator(_hook_url)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
MailAddresses = Annotated[str, AfterValidator(_mail_addresses)]


class Alerts(Section):
    """Where alerts are sent; nowhere, if nothing is set."""

    webhook_url: HookUrl | None = Field(None, description="a webhook that takes alerts as plain JSON")
    slack_url: HookUrl | None = Field(None, description="an incoming webhook of Slack")
    discord_url: HookUrl | None = Field(None, description="a webhook of Discord")
    mail_host: str | None = Field(None, description="the SMTP server that takes e-mail for us")
    mail_port: Port = Field(587, description="its port")
    mail_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="tls: from the first byte on, as on port 465; none: for a server beside us"
    )
    mail_username: str | None = Field(None, description="who we are to it, where it asks")
    mail_password: SecretStr | None = Field(None, description="the password to that")
    mail_from: MailAddress | None = Field(None, description="the sender of e-mail")
    mail_to: MailAddresses | None = Field(None, description="who gets it; several with commas between")
    per_hour: Count = Field(20, description="messages an hour at most to each channel, tries included")
    allow_private: bool = Field(
        False, description="whether webhooks may be at addresses that are not public, as of our own network"
    )

    @model_validator(mode="after")
    def _mail_is_complete(self) -> Self:
        mail = {"mail_host": self.mail_host, "mail_from": self.mail_from, "mail_to": self.mail_to}
        missing = [name for name, value in mail.items() if value is None]
        if missing and len(missing) < len(mail):
            raise ValueError(f"e-mail needs {', '.join(mail)}; not set: {', '.join(missing)}")
        if (self.mail_username is None) != (self.mail_password is None):
            raise ValueError("mail_username and mail_password go together: set both, or neither")
        return self

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        open_line = self.mail_security == "none" and self.mail_host not in LOOPBACK
        if self.mail_password is not None and open_line:
            raise ValueError("mail_password would cross the network unprotected: mail_security is none")
        return self

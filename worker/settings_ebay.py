"""What can be set about eBay: the application, the pages sellers connect through, and their syncing."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from worker.settings_section import Count, CronOrNever, Port, Section

ENVIRONMENTS = ("production", "sandbox")
VERIFICATION_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,80}")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _web_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must be a URL that begins with https:// or http://")
    return url.rstrip("/")


def _environment(text: str) -> str:
    if text in ENVIRONMENTS:
        return text
    try:
        url = _web_url(text)
    except ValueError:
        raise ValueError("it must be production, sandbox, or the URL of a stand-in") from None
    if urlsplit(url).scheme == "http" and urlsplit(url).hostname not in LOOPBACK:
        raise ValueError("a stand-in that is not on this machine must be at an https:// URL")
    return url


def _verification_token(token: SecretStr) -> SecretStr:
    if VERIFICATION_TOKEN.fullmatch(token.get_secret_value()) is None:
        raise ValueError("it must have 32 to 80 letters, digits, - and _")
    return token


Environment = Annotated[str, AfterValidator(_environment)]
PublicUrl = Annotated[str, AfterValidator(_web_url)]
VerificationToken = Annotated[SecretStr, AfterValidator(_verification_token)]


class Web(Section):
    """The pages through which accounts are connected, and the addresses that providers call."""

    host: str = Field("127.0.0.1", description="the address it listens on")
    port: Port = Field(8081, description="its number; 0 lets the system choose")
    public_url: PublicUrl = Field(
        "http://127.0.0.1:8081",
        description="where browsers and providers reach it, as https:// in production",
    )


class Ebay(Section):
    """The application registered with eBay."""

    environment: Environment = Field(
        "production", description="production, sandbox, or the URL of a stand-in"
    )
    client_id: str | None = Field(None, description="its App ID; without one eBay is not asked")
    client_secret: SecretStr | None = Field(None, description="its Cert ID")
    ru_name: str | None = Field(None, description="its RuName, eBay's word for where consent leads back to")
    verification_token: VerificationToken | None = Field(
        None,
        description="what eBay's notice of closed accounts is checked by: 32 to 80 letters, digits, -, _",
    )
    connections: Count = Field(8, description="how many requests to one of its APIs a worker makes at once")
    deadline_seconds: float = Field(
        30, gt=0, le=300, allow_inf_nan=False, description="how long one request may take, with its answer"
    )


class Sync(Section):
    """Reading what connected sellers sold."""

    cron: CronOrNever = Field(
        "17 * * * *", description="when all sellers are synced (UTC); never: not by itself"
    )
    limits_cron: CronOrNever = Field(
        "*/15 * * * *", description="when eBay is asked how many calls are left; never: not by itself"
    )
    first_days: int = Field(90, ge=1, le=730, description="how many days back an account is read at first")
    overlap_seconds: int = Field(3600, ge=0, le=86_400, description="how much is read again each time")


class Secrets(Section):
    """What encrypts tokens at rest."""

    keys: SecretStr | None = Field(
        None, description="the key ring, as id:key,id:key: the first encrypts, all decrypt; account new-key"
    )
    keys_file: str | None = Field(None, description="a file that holds the key ring instead")

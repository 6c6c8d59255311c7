"""What can be set about alerts, and the sentence for what cannot."""

from pathlib import Path

import pytest

from worker.channels import channels_of
from worker.errors import BadSettings
from worker.settings import Settings, load_settings

PART = "hunter2"
MAIL = {"MAIL_HOST": "mail.example", "MAIL_FROM": "mintmark@example.org", "MAIL_TO": "ops@example.com"}


def load(tmp_path: Path, **alerts: str) -> Settings:
    environ = {f"WORKER_ALERTS__{name}": value for name, value in alerts.items()}
    return load_settings(toml=tmp_path / "none.toml", dotenv=tmp_path / "none", environ=environ)


def test_without_a_setting_there_is_no_channel() -> None:
    assert channels_of(Settings().alerts) == []


def test_every_channel_that_is_set_is_there(tmp_path: Path) -> None:
    urls = {f"{name}_URL": f"https://{name}.example/{PART}" for name in ("WEBHOOK", "SLACK", "DISCORD")}

    alerts = load(tmp_path, **urls, **MAIL).alerts

    assert [channel.name for channel in channels_of(alerts)] == ["webhook", "slack", "discord", "mail"]
    assert PART not in repr(alerts)


@pytest.mark.parametrize("url", ["http://localhost:8000/x", "http://127.0.0.1/x", "http://[::1]:1/x"])
def test_this_machine_alone_may_be_told_without_tls(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, SLACK_URL=url).alerts.slack_url


@pytest.mark.parametrize(
    "url",
    [
        f"http://hooks.example/{PART}",
        f"http://127.0.0.1.example/{PART}",
        f"http://10.0.0.1/{PART}",
        f"ftp://hooks.example/{PART}",
        f"https:///{PART}",
        f"https://hooks.example:{PART}/",
        f"https://[{PART}",
        PART,
    ],
)
def test_a_url_that_cannot_be_used_is_named_and_not_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSettings, match="WORKER_ALERTS__SLACK_URL in the environment has a value") as bad:
        load(tmp_path, SLACK_URL=url)

    assert PART not in str(bad.value)


@pytest.mark.parametrize(
    ("alerts", "sentence"),
    [
        (
            {"MAIL_HOST": "mail.example"},
            "e-mail needs mail_host, mail_from, mail_to; not set: mail_from, mail_to",
        ),
        ({**MAIL, "MAIL_USERNAME": "mint"}, "mail_username and mail_password go together"),
        ({**MAIL, "MAIL_PASSWORD": PART}, "mail_username and mail_password go together"),
        (
            {**MAIL, "MAIL_USERNAME": "mint", "MAIL_PASSWORD": PART, "MAIL_SECURITY": "none"},
            "would cross the network unprotected",
        ),
        ({**MAIL, "MAIL_FROM": "nobody"}, "it must be an e-mail address such as ops@example.com"),
        ({**MAIL, "MAIL_TO": "ops@example.com,"}, "it must be an e-mail address"),
        ({**MAIL, "MAIL_TO": "ops@example.com\nBcc: x@example.com"}, "it must be an e-mail address"),
        ({"PER_HOUR": "0"}, "it should be greater than 0"),
    ],
)
def test_what_does_not_fit_together_is_said(tmp_path: Path, alerts: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadSettings) as bad:
        load(tmp_path, **alerts)

    assert sentence in str(bad.value)
    assert PART not in str(bad.value)

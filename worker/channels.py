"""The channels of alerts, as the settings name them; a part of the composition root."""

from worker import observe
from worker.clients.forms import DISCORD, GENERIC, SLACK
from worker.clients.http import Wiring
from worker.clients.mail import Mail, MailServer
from worker.clients.notices import Channel
from worker.clients.webhooks import Webhook
from worker.settings_alerts import Alerts


def channels_of(alerts: Alerts) -> list[Channel]:
    """Every channel that is configured; making one connects to nothing."""
    wiring = Wiring(on_request=observe.api_request)
    hooks = ((GENERIC, alerts.webhook_url), (SLACK, alerts.slack_url), (DISCORD, alerts.discord_url))
    found: list[Channel] = [
        Webhook(form, url, allow_private=alerts.allow_private, wiring=wiring)
        for form, url in hooks
        if url is not None
    ]
    if alerts.mail_host and alerts.mail_from and alerts.mail_to:
        recipients = alerts.mail_to.split(", ")
        found.append(Mail(_server(alerts), sender=alerts.mail_from, recipients=recipients, wiring=wiring))
    return found


def _server(alerts: Alerts) -> MailServer:
    return MailServer(
        host=alerts.mail_host or "",
        port=alerts.mail_port,
        security=alerts.mail_security,
        username=alerts.mail_username,
        password=alerts.mail_password,
    )

"""``mintmark account connect``: a link with which a seller connects an eBay account."""

from typing import Annotated

import typer

from worker.accounts.consent import open_ticket
from worker.commands.org import DEFAULT, Org
from worker.commands.session import OUT, TALK, JsonFlag, print_json, settings, shown, with_database
from worker.pages import start_url
from worker.web.connecting import PROVIDER


def connect(
    user: Annotated[str, typer.Option(help="Whose account it will be, in the marketplace.")],
    org: Org = DEFAULT,
    as_json: JsonFlag = False,
) -> None:
    """Print a link with which a seller connects an eBay account, for a user; good once, for half an hour."""
    loaded = settings()
    ticket = with_database(lambda db: open_ticket(db, PROVIDER, org, user))
    url = start_url(loaded, ticket.secret)
    if as_json:
        print_json({"url": url, "expires_at": ticket.expires_at, "org_id": org, "user_id": user})
        return
    OUT.print(url, markup=False, highlight=False, soft_wrap=True)
    TALK.print(
        f"Whoever opens it can connect an account for {shown(user)}, until {shown(ticket.expires_at)}."
    )

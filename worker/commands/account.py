"""``mintmark account …``: the eBay accounts that sellers have connected."""

import typer

from worker.commands.account_connect import connect

app = typer.Typer(no_args_is_help=True, help="The eBay accounts that sellers have connected.")
app.command()(connect)


@app.callback()
def _one_of_several() -> None:
    """Without this, typer would take a lone command for the whole."""

"""The command line: one list of commands, one way to fail."""

import sys

import typer

from worker.commands import account, alert, job, org, quota, run, schedule
from worker.commands.bench import bench
from worker.commands.demo import demo
from worker.commands.doctor import doctor
from worker.commands.enqueue import enqueue
from worker.commands.failing import in_words
from worker.commands.imports import app as import_app
from worker.commands.kinds import kinds
from worker.commands.limit import limit
from worker.commands.migrate import migrate
from worker.commands.price import price
from worker.commands.sandbox import sandbox
from worker.commands.session import TALK
from worker.commands.titles import titles
from worker.commands.web import web
from worker.commands.worker import worker
from worker.errors import MintmarkError, Refused, UserError

WRONG_USE = {"MM001", "MM002", "MM005"}
"""SQLSTATEs that mean the caller asked for something malformed, not that it did not work out."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Keep a collectibles marketplace's catalogue, sellers and prices fresh.",
)
app.command()(demo)
app.command()(worker)
app.command()(migrate)
app.command()(doctor)
app.command()(enqueue)
app.add_typer(run.app, name="run")
app.add_typer(job.app, name="job")
app.add_typer(job.queue_app, name="queue")
app.add_typer(schedule.app, name="schedule")
app.add_typer(account.app, name="account")
app.add_typer(alert.app, name="alert")
app.add_typer(org.app, name="org")
app.add_typer(quota.app, name="quota")
app.command()(kinds)
app.command()(limit)
app.add_typer(import_app, name="import")
app.command()(price)
app.command()(titles)
app.command()(web)
app.command()(sandbox)
app.command()(bench)


def main() -> None:
    """Run the command that was asked for; exit 0, 1 (it failed) or 2 (wrong use)."""
    try:
        app()
    except Exception as error:
        if (told := in_words(error)) is None:
            raise
        TALK.print(f"mintmark: {told}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(exit_code(told))


def exit_code(error: MintmarkError) -> int:
    """2 when the request was malformed, 1 when it did not work out."""
    if isinstance(error, Refused):
        return 2 if error.code in WRONG_USE else 1
    return 2 if isinstance(error, UserError) else 1

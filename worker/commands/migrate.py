"""``mintmark migrate``: bring the schema up to date, or say how it differs."""

from typing import Annotated

import anyio
import typer

from worker.app import Urls, database_urls, migrate_and_publish
from worker.commands.session import TALK, JsonFlag, print_rows, settings
from worker.migrate import rollback
from worker.migrate_drift import drift, listing


def migrate(
    check: Annotated[bool, typer.Option("--check", help="Name drift and exit 1; change nothing.")] = False,
    back: Annotated[int | None, typer.Option("--rollback", min=1, help="Undo the last N migrations.")] = None,
    show: Annotated[bool, typer.Option("--list", help="List migrations and when they were applied.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Apply what is not applied yet, and publish the kinds."""
    loaded = settings()
    with database_urls(loaded) as urls:
        if check:
            _check(urls)
        elif show:
            rows = [{"migration": m.migration_id, "applied_at": m.applied_at} for m in listing(urls.direct)]
            print_rows(rows, as_json=as_json, columns=["migration", "applied_at"], empty="no migrations")
        elif back:
            for name in rollback(urls.direct, back):
                TALK.print(f"rolled back {name}")
        else:
            applied = anyio.run(migrate_and_publish, loaded, urls)
            TALK.print(f"applied {', '.join(applied)}" if applied else "nothing to apply")


def _check(urls: Urls) -> None:
    found = drift(urls.direct)
    for one in found:
        TALK.print(str(one))
    if found:
        raise typer.Exit(1)
    TALK.print("the database and the migrations agree")

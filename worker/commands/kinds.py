"""``mintmark kinds``: what can be enqueued."""

import json
from pathlib import Path

from worker.commands.session import JsonFlag, print_rows, with_database
from worker.db import statements

SQL = statements(Path(__file__).with_name("queries.sql"))


def kinds(as_json: JsonFlag = False) -> None:
    """List the kinds of jobs and what each takes."""
    rows = [dict(row) for row in with_database(lambda db: db.fetch(SQL["kinds"]))]
    for row in rows:
        row["schema"] = schema = json.loads(row["schema"])
        row["takes"] = ", ".join(schema.get("properties", {}))
    columns = ["kind", "queue", "max_attempts", "starts_run", "takes"]
    print_rows(rows, as_json=as_json, columns=columns, empty="no kinds: mintmark migrate publishes them")

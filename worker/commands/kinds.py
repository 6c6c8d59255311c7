"""``mintmark kinds``: what can be enqueued."""

import json
from datetime import timedelta
from pathlib import Path

from worker.commands.limit import told
from worker.commands.session import JsonFlag, print_rows, with_database
from worker.db import statements

SQL = statements(Path(__file__).with_name("queries.sql"))


def kinds(as_json: JsonFlag = False) -> None:
    """List the kinds of jobs, what each takes, and its limits."""
    rows = [dict(row) for row in with_database(lambda db: db.fetch(SQL["kinds"]))]
    for row in rows:
        row["schema"] = schema = json.loads(row["schema"])
        row["takes"] = ", ".join(schema.get("properties", {}))
        per = row.pop("per") or timedelta(seconds=1)
        row["limits"] = told(row["concurrency"], row["starts"], per)
        row["per_seconds"] = per.total_seconds()
    columns = ["kind", "queue", "max_attempts", "starts_run", "limits", "takes"]
    print_rows(rows, as_json=as_json, columns=columns, empty="no kinds: mintmark migrate publishes them")

"""mintmark: an async queue-worker daemon on Postgres."""

"""mintmark among the peers: ``PEERS_EXTRA=benchmarks/peers.py …/peers/bench.py mintmark A``."""

from pathlib import Path

HERE = Path(__file__).resolve().parent

PEERS = {
    "mintmark": {
        "version": "0.1.0",
        "db": "b_mintmark",
        "cmd": [str(HERE.parent / ".venv" / "bin" / "python"), str(HERE / "mintmark_peer.py")],
        "n": 100000,
        "table": "worker.jobs",
        "env": {"CONC": "2000"},
        "maxid": "SELECT coalesce(max(id), 0) FROM worker.jobs",
        "pending": "SELECT EXISTS(SELECT 1 FROM worker.jobs WHERE id > {minid} AND state <> 'scheduled')",
        "seed_done": """
            INSERT INTO worker.job_history (id, fence, run_at, created_at, started_at, priority, max_attempts,
                                            attempt, crashes, state, queue, kind, payload)
            SELECT -g, 1, now(), now(), now(), 0, 5, 1, 0, 'completed', 'noop', 'noop', '{"i": 1}'
              FROM generate_series(1, 1000000) g""",
        "seed_future": """
            INSERT INTO worker.jobs (run_at, priority, max_attempts, state, queue, kind, payload)
            SELECT now() + interval '1 day', 0, 5, 'scheduled', 'noop', 'noop', '{"i": 1}'
              FROM generate_series(1, 1000000) g""",
    }
}

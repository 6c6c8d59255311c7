"""The scorecard: which faults are tried, what must hold, and the page that shows how it went.

``python -m tests.chaos.scorecard RESULTS PAGE`` writes the table between the page's two marks; with the
numbers of rows after it, only those lines are drawn, and the page's other lines stay as they are.
"""

import json
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

BEGIN, END = "<!-- scorecard -->", "<!-- /scorecard -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One fault or bad input, and what must hold when it strikes."""

    number: int
    fault: str
    criterion: str


ROWS = (
    Row(1, "workers killed with SIGKILL at random", "no job lost, none finished twice, taken over in time"),
    Row(
        2,
        "workers killed around a paid call, at every point of its way",
        "no job lost, no key charged twice, one step repeated at most; what may not be repeated ends unknown",
    ),
    Row(3, "workers frozen past their lease, then woken", "no stale write accepted; refusals counted"),
    Row(4, "SIGTERM at any moment", "out within the grace, code 0, tries refunded, checkpoints kept"),
    Row(
        5,
        "a handler blocks the event loop",
        "nothing runs twice; said on the health port; ended at the limit",
    ),
    Row(6, "a handler swallows its cancellation", "fenced away at the hard limit; others go on; recycled"),
    Row(7, "Postgres restarts under load", "no worker exits, no job lost, claims go on within 5 s"),
    Row(8, "all backends terminated, again and again", "no job lost, none finished twice"),
    Row(9, "the LISTEN connection dies; a storm of notifications", "listens again; pick-up within a poll"),
    Row(10, "sockets that swallow everything", "noticed within 10 s; SIGTERM still ends in time"),
    Row(11, "the server turns read-only", "no job failed, no try used; goes on by itself"),
    Row(12, "PgBouncer in transaction mode", "found out by itself; no error by prepared statements"),
    Row(13, "more slots than connections", "no lease lost; waits bounded, with a typed error"),
    Row(14, "a million finished jobs, a hundred thousand waiting", "claims stay short; the index is used"),
    Row(15, "claim, cancel, pause, finish and rescue at once", "no deadlock, no unlawful move"),
    Row(16, "a migration behind an idle transaction, and killed half-way", "claims go on; it is tried again"),
    Row(18, "the disk fills up", "no job failed by it; all done after it has room again"),
    Row(19, "worker clocks that are wrong or jump", "no early take-over; schedules by the database's clock"),
    Row(20, "handlers that end their process", "quarantined at the third crash; neighbours unharmed"),
    Row(21, "payloads that are hostile", "refused with a sentence, or kept exactly"),
    Row(22, "handlers that raise or answer junk", "the job ends; what is stored stays small"),
    Row(23, "many producers with one dedupe key", "one live job, the same id for all"),
    Row(
        24,
        "a budget spent by many at once, with kills and time-outs",
        "overspend 0; ledger = counters always",
    ),
    Row(25, "thresholds of a budget under the same load", "one warning each"),
    Row(
        26,
        "a run paused at any moment",
        "no reservation after the reply, no more calls than in flight; no checkpointed step repeated",
    ),
    Row(27, "cancel against finish and settle", "one ending each, which never changes; amounts right"),
    Row(
        28,
        "an account that is asked too often, told so in every way",
        "not asked inside the window by any worker; asked at once behind it; no try used; others go on",
    ),
    Row(
        29,
        "an API that answers 5xx, under load",
        "no more calls than without; left alone within 5 s, found again within 20 s; no job given up",
    ),
    Row(
        30,
        "sockets that hang or drip, and calls cancelled at any moment",
        "given up at the deadline ± 0.5 s; nothing left in use; the next calls are answered",
    ),
    Row(
        31,
        "answers cut short, of another type, too large, or leading elsewhere",
        "told apart; memory stays small; nobody is led on; no checkpoint and no cursor moves",
    ),
    Row(
        32,
        "tokens that end in the middle of runs, and a consent that is taken back",
        "one refresh an end and account, none refused by us; then one call a job at most, paused, told once",
    ),
    Row(33, "hours of steady load", "memory, files and claims stay flat"),
    Row(
        34,
        "secrets planted in the environment, in addresses, headers, tokens and payloads",
        "none in a log, a traceback, a metric, an answer, a column or a running statement; no line forged",
    ),
    Row(
        35,
        "strangers at the pages: replays, scripts in every parameter, made-up requests, slow sockets",
        "nobody gets in, nothing stored; no 5xx; headers exact; no secret in the log; workers' beats on time",
    ),
    Row(
        36,
        "a load that doubles and halves, and a fleet of eight that follows it; one of them killed",
        "no job lost, no step worked twice; pick-up p99 under 5 s at any time",
    ),
)


@dataclass(frozen=True, slots=True)
class Result:
    """How one test of a row went, in which lane, with the figures it saw."""

    row: int
    test: str
    outcome: str
    lane: str
    figures: Sequence[str]


def read(path: Path) -> list[Result]:
    """Read what a session wrote, a JSON object a line."""
    return [Result(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def table(results: Iterable[Result], kept: Mapping[int, str] | None = None) -> str:
    """Draw the scorecard; a row that no test stands for says so, and a line that is ``kept`` stays."""
    found, old = list(results), kept or {}
    lines = ["| # | fault | must hold | how it went |", "|---|---|---|---|"]
    lines += [old.get(row.number) or _line(row, found) for row in ROWS]
    return "\n".join(lines)


def _line(row: Row, found: Sequence[Result]) -> str:
    said = "<br>".join(_said(one) for one in found if one.row == row.number) or "not tested"
    return f"| {row.number} | {row.fault} | {row.criterion} | {said} |"


def _said(result: Result) -> str:
    figures = f": {'; '.join(result.figures)}" if result.figures else ""
    return f"{result.outcome} (`{result.test.rsplit('::', 1)[-1]}`, {result.lane} lane){figures}"


def _lines_but(drawn: str, rows: Sequence[str]) -> dict[int, str]:
    """The lines of a table, by number, without those of these rows."""
    found = {line.split("|")[1].strip(): line for line in drawn.splitlines() if line.startswith("| ")}
    return {int(number): line for number, line in found.items() if number.isdecimal() and number not in rows}


def main(results: str, page: str, *rows: str) -> None:
    """Put the table of ``results`` into ``page``; of its lines only those of ``rows``, if some are named."""
    path = Path(page)
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    drawn, _, after = rest.partition(END)
    kept = _lines_but(drawn, rows) if rows else {}
    when = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.system()}"
    drawn = f"{BEGIN}\n{table(read(Path(results)), kept)}\n\nDrawn by `make chaos`: {when}.\n{END}"
    path.write_text(before + drawn + after, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

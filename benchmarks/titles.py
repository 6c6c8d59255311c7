"""How well and how fast titles are read. It needs no database, and the labelled titles of ``tests/pricing``.

The titles that time is taken with are made from real cards' names, each different from all others, so that no
answer is one that was given before. Each round of the library is a process of its own, which has seen none.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

from benchmarks.figures import Figure, Scale, figure
from tests.pricing.titles.accuracy import LABELS, NO_SINGLE, corpus
from tests.pricing.titles.accuracy import measure as measure_accuracy
from tests.pricing.titles.making import Titles

TITLES, ROUNDS, SEED = 200_000, 3, 2026
CONDITION, JUNK_F1, GRADED = 97, 98, 99
LIBRARY, COMMAND = 100_000, 30_000
READ_ALL = """
import sys
from time import process_time
from worker.pricing.listing import read_listing
titles = open(sys.argv[1], encoding="utf-8").read().split("\\n")
begun = process_time()
for title in titles:
    read_listing(title)
print(len(titles) / (process_time() - begun))
"""


def measure(_url: str, scale: Scale) -> list[Figure]:
    """Accuracy for each label; then titles a second in a process, and through the command with its start."""
    count, rounds = scale.rows or TITLES, range(scale.rounds or ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "titles.txt"
        path.write_text("\n".join(islice(_different(), count)), "utf-8")
        by_command = [_command(path) for _ in rounds]
        return [*_accuracy(), *_speed(count, [_library(path) for _ in rounds], by_command)]


def _speed(count: int, library: list[float], command: list[tuple[float, float]]) -> Iterator[Figure]:
    unit, note = "titles/s of a core", f"{count:,} different titles; beside the bar"
    yield figure("titles: read in a process", library, unit, beside=[LIBRARY], note=note)
    cores, clock = zip(*command, strict=True)
    name, note = "titles: read by the command", f"{note}; with its start"
    yield figure(name, [count / seconds for seconds in cores], unit, beside=[COMMAND], note=note)
    note = "the same, where others may be at work too"
    yield figure(f"{name}, by the clock", [count / seconds for seconds in clock], "titles/s", note=note)


def _accuracy() -> Iterator[Figure]:
    measured = measure_accuracy(corpus())
    note = f"{measured.titles:,} labelled titles"
    for label in LABELS:
        bar = CONDITION if label == "condition" else None
        yield Figure(f"titles: {label}", 100 * measured.right[label], "% right", floor=bar, note=note)
    yield Figure("titles: grader and grade", 100 * measured.graded, "% right", floor=GRADED, note=note)
    junk = f"{' or '.join(sorted(NO_SINGLE))} against the rest"
    yield Figure("titles: junk", 100 * measured.junk_f1, "% F1", floor=JUNK_F1, note=junk)
    unknown = len(measured.near_mint_unknown)
    yield Figure("titles: unknown that became NM", unknown, "titles", note="there must be none")


def _different() -> Iterator[str]:
    """Titles without end, none twice."""
    seen = set[str]()
    for labelled in Titles(SEED):
        if labelled.title not in seen:
            seen.add(labelled.title)
            yield labelled.title


def _library(path: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, str(path)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _command(path: Path) -> tuple[float, float]:
    """Seconds of a core, and by the clock, from the start of the command to its end."""
    begun, spent = perf_counter(), _children()
    with path.open("rb") as titles:
        subprocess.run(
            [sys.executable, "-m", "worker", "titles"], stdin=titles, stdout=subprocess.DEVNULL, check=True
        )
    return _children() - spent, perf_counter() - begun


def _children() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

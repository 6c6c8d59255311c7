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
from time import perf_counter

from benchmarks.figures import Figure, Scale, figure
from tests.pricing.titles.accuracy import LABELS, NO_SINGLE, corpus
from tests.pricing.titles.accuracy import measure as measure_accuracy
from tests.pricing.titles.making import Titles

TITLES, ROUNDS, SEED = 200_000, 3, 2026
CONDITION, JUNK_F1, GRADED, LIBRARY, COMMAND = 0.97, 0.98, 0.99, 100_000, 30_000
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
        note = f"{count:,} different titles"
        return [
            *_accuracy(),
            figure(
                "titles read in a process", [_library(path) for _ in rounds], "titles/s of a core",
                beside=[LIBRARY], note=f"{note}; beside the bar",
            ),
            figure(
                "titles read by the command", [count / _command(path) for _ in rounds], "titles/s",
                beside=[COMMAND], note=f"{note}, with its start; beside the bar",
            ),
        ]  # fmt: skip


def _accuracy() -> Iterator[Figure]:
    measured = measure_accuracy(corpus())
    note = f"{measured.titles:,} labelled titles"
    for label in LABELS:
        bar = CONDITION if label == "condition" else None
        yield Figure(f"titles: {label}", measured.right[label], "share right", floor=bar, note=note)
    yield Figure("titles: grader and grade", measured.graded, "share right", floor=GRADED, note=note)
    junk = f"{' or '.join(sorted(NO_SINGLE))} against the rest"
    yield Figure("titles: junk", measured.junk_f1, "F1", floor=JUNK_F1, note=junk)
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


def _command(path: Path) -> float:
    """Seconds by the clock, from the start of the command to its end."""
    begun = perf_counter()
    with path.open("rb") as titles:
        subprocess.run(
            [sys.executable, "-m", "worker", "titles"], stdin=titles, stdout=subprocess.DEVNULL, check=True
        )
    return perf_counter() - begun

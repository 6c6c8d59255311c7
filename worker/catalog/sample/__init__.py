"""A few hundred real cards that ship with the package, in the layout of a dump: facts and prices only."""

from pathlib import Path


def sample_path() -> Path:
    """Return the folder of the sample; ``worker.catalog.dump.read_dump`` reads it."""
    return Path(__file__).parent

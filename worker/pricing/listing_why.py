"""Which words of a title said what was read from it, in one short line."""

from collections.abc import Sequence

from worker.pricing.lexicon import Meaning

NOTHING = "no condition named"


def why(
    left_out: str | None,
    because: Meaning | None,
    condition: str | None,
    worded: Sequence[Meaning] | None,
    slab: Meaning | None,
    risks: Sequence[Meaning] | None,
) -> str:
    """Say it as ``junk: proxy; NM: near mint; risk: as is``: first the reason, then what else was read."""
    said = [] if because is None else [f"{left_out}: {because.said}"]
    if slab is not None and slab is not because:
        said.append(f"graded: {slab.said}")
    if worded:
        if condition is None:
            said.append(f"contradictory: {', '.join([one.said for one in worded])}")
        elif len(worded) == 1:
            said.append(f"{condition}: {worded[0].said}")
        else:
            said.append(f"{condition}: {', '.join([one.said for one in worded])}")
    elif slab is None:
        said.append(NOTHING)
    if risks:
        said.append(f"risk: {', '.join([one.said for one in risks])}")
    return said[0] if len(said) == 1 else "; ".join(said)

"""What a run is going to cost, said before it begins."""

from decimal import Decimal

from pydantic import ValidationError

from worker.app import shipped_handlers
from worker.commands.amounts import cents
from worker.db import Database
from worker.runs.binding import estimate
from worker.settings import load_settings


async def estimate_of(db: Database, kind: str, params: str) -> Decimal | None:
    """What a run of a kind costs at most, in cents, as its handler reckons.

    None where nobody here can say: for a kind of another version, for one whose handler makes no estimates,
    and for parameters that do not fit, which whoever starts the run is told by the database or the worker.
    """
    handlers = {handler.kind: handler for handler in shipped_handlers(load_settings(), db)}
    if (handler := handlers.get(kind)) is None:
        return None
    try:
        payload = handler.takes.model_validate_json(params)
    except ValidationError:
        return None
    return await estimate(handler, payload)


def estimate_in_words(estimated: Decimal, cap: Decimal) -> str:
    """Say an estimate beside the cap, and what becomes of a run that is over it."""
    if estimated > cap:
        return (
            f"estimated {cents(estimated)} cents, over the cap of {cents(cap)}: "
            "the run will pause when that is spent"
        )
    return f"estimated {cents(estimated)} of {cents(cap)} cents"

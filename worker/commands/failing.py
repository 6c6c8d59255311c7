"""What went wrong below, in a sentence for the one who typed the command."""

import asyncpg

from worker.db import is_outage
from worker.errors import MintmarkError, Unavailable, UserError

NOT_MIGRATED = {"3F000", "42P01", "42703", "42704", "42883"}
"""Undefined schema, table, column, type, function (PostgreSQL docs, appendix A)."""
DATA_EXCEPTION = "22"


def in_words(error: BaseException) -> MintmarkError | None:
    """Say what an error means; None for a fault of our own, of which a traceback tells more.

    Of a task group's errors the first is told, if every one of them can be.
    """
    match error:
        case MintmarkError():
            return error
        case BaseExceptionGroup(exceptions=inner):
            told = [in_words(one) for one in inner]
            return None if None in told else told[0]
        case asyncpg.PostgresError():
            return _refused(error)
        case OSError(filename=name) if name is not None:
            return UserError(f"{name}: {error.strerror}")
        case _ if is_outage(error):
            return Unavailable(f"the database does not answer ({type(error).__name__}); see: mintmark doctor")
        case _:
            return None


def _refused(error: asyncpg.PostgresError) -> MintmarkError:
    state, said = error.sqlstate or "", str(error).partition("\n")[0]
    if state in NOT_MIGRATED:
        return UserError(f"the database is not at this version's schema ({said}); mend it: mintmark migrate")
    if is_outage(error):
        return Unavailable(f"the database cannot just now: {said}")
    if state.startswith(DATA_EXCEPTION):
        return UserError(f"the database cannot take that value: {said}")
    return MintmarkError(f"the database refused: {said}")

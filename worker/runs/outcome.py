"""What came of a call that was made elsewhere, and how it gets back: from another process as bytes.

Imports little, so that a process that needs nothing else starts fast.
"""

import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from worker.errors import MintmarkError, UserError


class Unsendable(UserError):
    """Raised when a function, what it is given or what it answers cannot be sent to or from a process."""

    code = "unsendable"


class RaisedElsewhere(MintmarkError):
    """Raised in the place of what a thread or process raised and what cannot come back as itself.

    The message has its type and its text: an error that cannot be pickled, or one that is meant to end the
    program, such as ``SystemExit``.
    """

    code = "raised_elsewhere"

    def __init__(self, what: str) -> None:
        super().__init__(what)


class ProcessDied(MintmarkError):
    """Raised when a process ended before it had answered: by a signal, or by ending itself."""

    code = "process_died"


@dataclass(frozen=True, slots=True)
class Returned:
    """The call came to its end; ``value`` is its answer."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """The call raised."""

    error: Exception


Outcome: TypeAlias = Returned | Raised


def outcome_of(call: Callable[[], Any]) -> Outcome:
    """Make the call and catch whatever comes of it, also what would end the thread or the process."""
    try:
        return Returned(call())
    except Exception as error:  # noqa: BLE001 - it is raised again where the call was asked for.
        return Raised(error)
    except BaseException as error:  # noqa: BLE001 - there it would end the worker.
        return Raised(RaisedElsewhere(_in_words(error)))


def answer(outcome: Outcome) -> Any:
    """Return what the call returned, or raise what it raised."""
    match outcome:
        case Returned(value):
            return value
        case Raised(error):
            raise error


def packed(outcome: Outcome) -> bytes:
    """Make bytes of an outcome; what cannot be sent becomes an error that says so."""
    match outcome:
        case Returned(value):
            return _packed_value(value)
        case Raised(error):
            return _packed_error(error, _trace(error))


def unpacked(sent: bytes) -> Outcome:
    """Read an outcome that a process of ours has packed."""
    try:
        outcome: Outcome = pickle.loads(sent)  # noqa: S301 - from our own child, over a pipe of its own.
    except Exception as error:  # noqa: BLE001 - reading runs the classes' own code.
        return Raised(Unsendable(f"the answer cannot be read here ({_in_words(error)})"))
    return outcome


def packed_call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """Make bytes of a call. Raises ``Unsendable`` where that cannot be, as with a lambda or a connection."""
    try:
        return pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - any class may forbid it in its own way.
        name = getattr(function, "__qualname__", repr(function))
        raise Unsendable(f"{name} or what it is given cannot be sent ({_in_words(error)})") from None


def call_of(sent: bytes) -> Outcome:
    """Make a call that was packed; answers what came of it."""
    try:
        function, args, kwargs = pickle.loads(sent)  # noqa: S301 - from the worker, over a pipe of its own.
    except Exception as error:  # noqa: BLE001 - reading imports the author's modules.
        return Raised(Unsendable(f"the call cannot be read in a process of its own ({_in_words(error)})"))
    return outcome_of(lambda: function(*args, **kwargs))


def _packed_value(value: Any) -> bytes:
    try:
        return pickle.dumps(Returned(value), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - any class may forbid it in its own way.
        return packed(Raised(Unsendable(f"the answer cannot be sent ({_in_words(error)})")))


def _packed_error(error: Exception, trace: str) -> bytes:
    error.add_note(trace)
    try:
        sent = pickle.dumps(Raised(error), pickle.HIGHEST_PROTOCOL)
        pickle.loads(sent)  # noqa: S301 - many an error can be written and not be made again.
    except Exception:  # noqa: BLE001 - any class may forbid it in its own way.
        told = RaisedElsewhere(_in_words(error))
        told.add_note(trace)
        return pickle.dumps(Raised(told), pickle.HIGHEST_PROTOCOL)
    return sent


def _trace(error: Exception) -> str:
    """What does not travel with an error: where it was raised, and after which others."""
    return f"In a process of its own:\n{''.join(traceback.format_exception(error))}"


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"

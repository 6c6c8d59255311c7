"""How lines of the log are written: coloured for a person, or as JSON for a machine, from some level on."""

import sys
import traceback
from dataclasses import dataclass
from typing import TextIO

import structlog
from structlog.typing import EventDict

from worker import tracing

LONGEST_WORDS = 8192
LONGEST_TRACEBACK = 65_536
"""Characters of what went wrong that one line of the log may have."""

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


@dataclass
class Least:
    """The lowest level that is written."""

    level: int


least = Least(LEVELS["info"])
"""Whoever says the same thousands of times a second asks here first: not even asking the logger shows."""


def configure_logging(level: str, style: str, stream: TextIO = sys.stderr) -> None:
    """Log to ``stream``: coloured lines on a terminal, else one JSON object a line; times in UTC."""
    least.level = LEVELS[level]
    console = style == "console" or (style == "auto" and stream.isatty())
    renderer = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _with_trace,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if console else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )


def _with_trace(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Name the span in which a line is said; one that names its own keeps it."""
    return {**tracing.ids(), **line} if tracing.is_on() and "trace_id" not in line else line


def words(error: BaseException) -> str:
    """What an error says, cut where it says too much; errors that cannot even be asked are other people's."""
    try:
        return str(error)[:LONGEST_WORDS]
    except Exception:  # noqa: BLE001 - whatever its text raises, there is none.
        return "its text cannot be made"


def traceback_of(error: BaseException) -> str:
    """Write an error with its traceback and without its local variables, cut in the middle."""
    said = words(error)
    if len(said) < LONGEST_WORDS:
        told = "".join(traceback.format_exception(error))
    else:  # All of it would be copied several times over.
        told = "".join([*traceback.format_tb(error.__traceback__), f"{type(error).__name__}: {said}"])
    if len(told) > LONGEST_TRACEBACK:
        told = f"{told[: LONGEST_TRACEBACK // 2]}\n…\n{told[-LONGEST_TRACEBACK // 2 :]}"
    return told

"""The program of a process that makes calls for a worker, one after the other, until the worker is gone.

Calls come by stdin and outcomes go by stdout, each with its length before it. The called code sees neither:
its stdin is empty, and what it prints goes to the worker's stderr.
"""

import ctypes
import os
import pickle
import queue
import signal
import struct
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import BinaryIO

from worker.runs.outcome import call_of, packed

LENGTH = struct.Struct(">Q")
PR_SET_PDEATHSIG = 1  # Of <sys/prctl.h>.


def main() -> None:
    """Serve the worker that started this process."""
    # A signal that is meant for the worker often reaches all of its processes; it decides when this one ends.
    # An empty handler and not SIG_IGN, which the called code's own processes would inherit.
    signal.signal(signal.SIGTERM, _heed_not)
    signal.signal(signal.SIGINT, _heed_not)
    _die_with_parent()
    calls, outcomes = _private_pipes()
    sys.path[:] = pickle.loads(_read(calls))  # noqa: S301 - from the worker, over a pipe of its own.
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(calls, waiting), daemon=True).start()
    while True:
        _write(outcomes, packed(call_of(waiting.get())))


def _heed_not(_signal: int, _frame: FrameType | None) -> None:
    return


def _die_with_parent() -> None:
    """Ask Linux to end this process with its parent, also while some call does not let other threads run."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    calls, outcomes = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return calls, outcomes


def _listen(calls: BinaryIO, waiting: "queue.SimpleQueue[bytes]") -> None:
    """Pass calls on. In a thread, so that the worker's end is seen in the middle of a call."""
    while True:
        waiting.put(_read(calls))


def _read(calls: BinaryIO) -> bytes:
    head = calls.read(LENGTH.size)
    if len(head) < LENGTH.size:
        _end()
    return calls.read(LENGTH.unpack(head)[0])


def _write(outcomes: BinaryIO, sent: bytes) -> None:
    try:
        outcomes.write(LENGTH.pack(len(sent)) + sent)
        outcomes.flush()
    except BrokenPipeError:
        _end()


def _end() -> None:
    """The worker is gone: end at once, with whatever the called code has started."""
    with suppress(ProcessLookupError):  # Started by hand, it leads no group.
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main()

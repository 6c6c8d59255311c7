"""A process of our own beside the worker: calls are sent to it, and it can be killed in the middle of one."""

import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Self

import anyio
import anyio.abc
from anyio.streams.buffered import BufferedByteReceiveStream

from worker.runs.child import LENGTH
from worker.runs.outcome import ProcessDied

COMMAND = (sys.executable, "-u", "-m", "worker.runs.child")
END_SECONDS = 5.0
"""A process that was killed is waited for so long; only one that hangs in the kernel takes longer."""
BROKEN = (
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
    anyio.IncompleteRead,
    OSError,
    RuntimeError,  # uvloop's word for a pipe whose other end is gone.
)


class ChildProcess:
    """One process that makes one call at a time.

    Not that of ``anyio.to_process``: there a busy process outlives a worker that was killed, what the called
    code or a program of its prints gets among the answers, and a signal to the whole group breaks both.
    """

    def __init__(self, process: anyio.abc.Process) -> None:
        assert process.stdin
        assert process.stdout
        self._process = process
        self._calls = process.stdin
        self._outcomes = BufferedByteReceiveStream(process.stdout)

    @classmethod
    async def start(cls) -> Self:
        """Start a process in a session of its own, with our stderr and without our sockets."""
        process = await anyio.open_process(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None,
            start_new_session=True,
        )
        child = cls(process)
        try:
            await child._send(pickle.dumps(sys.path))
        except BaseException:
            await child.end()
            raise
        return child

    def lives(self) -> bool:
        """Tell whether it has not ended, as far as is known."""
        return self._process.returncode is None

    async def call(self, request: bytes) -> bytes:
        """Send a packed call and return the packed outcome; raises ``ProcessDied`` when none came.

        Takes as long as the call takes. Whoever is cancelled meanwhile, or sees an error, must ``end`` it.
        """
        try:
            await self._send(request)
            (length,) = LENGTH.unpack(await self._outcomes.receive_exactly(LENGTH.size))
            return await self._outcomes.receive_exactly(length)
        except BROKEN:
            raise ProcessDied(f"the process ended before it answered: {await self._cause()}") from None

    async def end(self) -> None:
        """Kill it, and whatever the called code has started, and see it gone."""
        if self.lives():
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        with anyio.move_on_after(END_SECONDS, shield=True):
            await self._process.aclose()

    async def _send(self, content: bytes) -> None:
        await self._calls.send(LENGTH.pack(len(content)) + content)

    async def _cause(self) -> str:
        code = None
        with anyio.move_on_after(END_SECONDS):
            code = await self._process.wait()
        if code is None:
            return "it has closed its pipes"
        return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

"""Work that blocks, away from the event loop: in threads and in processes of the worker, bounded.

A process is killed with the attempt that it works for. A thread cannot be: it is abandoned. Nobody waits for
its answer any more, but its place stays taken until it ends, so that there are never more threads than the
operator allows.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import anyio

from worker import observe
from worker.queue.contract import Job
from worker.runs.outcome import Outcome, answer, outcome_of, packed_call, unpacked
from worker.runs.processes import ChildProcess

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Call:
    """One call in a thread, and who asked for it."""

    job: Job
    name: str
    outcome: "asyncio.Future[Outcome]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    ended: bool = False
    abandoned: bool = False


class Blocking:
    """A worker's places for blocking work: so many threads and so many processes at once.

    Whoever finds no free place waits, and the time counts against the kind's limit. Used as a context
    manager, it ends its processes at the end.
    """

    def __init__(self, *, threads: int = 8, processes: int = 2) -> None:
        self._threads = anyio.CapacityLimiter(threads)
        self._processes = anyio.CapacityLimiter(processes)
        self._idle: list[ChildProcess] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._idle:
            await self._idle.pop().end()

    async def in_thread(self, job: Job, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function in a thread; returns what it returns, raises what it raises.

        Cancelled, it abandons the thread.
        """
        call = _Call(job, getattr(function, "__qualname__", repr(function)))
        await self._threads.acquire_on_behalf_of(call)
        try:
            self._start(call, partial(function, *args, **kwargs))
        except BaseException:
            self._threads.release_on_behalf_of(call)
            raise
        try:
            outcome = await call.outcome
        finally:
            self._abandon_unless_ended(call)
        result: T = answer(outcome)
        return result

    async def in_process(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function in a process; returns what it returns, raises what it raises.

        Function, arguments and answer are pickled: the function is one of a module. Cancelled, it kills the
        process. Raises ``ProcessDied`` when that ended by itself, ``Unsendable`` and ``RaisedElsewhere``.
        """
        request = packed_call(function, args, kwargs)
        async with self._processes:
            outcome = unpacked(await self._call_child(request))
        result: T = answer(outcome)
        return result

    def _start(self, call: _Call, function: Callable[[], Any]) -> None:
        # Not by anyio.to_thread: Python would wait for its threads when the process ends.
        loop = asyncio.get_running_loop()
        work = partial(_work, loop, function, partial(self._conclude, call))
        seen = contextvars.copy_context()  # What is logged or traced in there is this attempt's.
        threading.Thread(target=seen.run, args=(work,), name=f"mintmark {call.name}", daemon=True).start()

    def _conclude(self, call: _Call, outcome: Outcome) -> None:
        call.ended = True
        self._threads.release_on_behalf_of(call)
        if call.abandoned:
            observe.thread_returned(kind=call.job.kind, job=call.job.id, function=call.name)
        elif not call.outcome.done():
            call.outcome.set_result(outcome)

    def _abandon_unless_ended(self, call: _Call) -> None:
        if call.ended:
            return
        call.abandoned = True
        free = int(self._threads.available_tokens)
        observe.thread_abandoned(kind=call.job.kind, job=call.job.id, function=call.name, free=free)

    async def _call_child(self, request: bytes) -> bytes:
        child = await self._child()
        try:
            sent = await child.call(request)
        except BaseException:
            await child.end()
            raise
        self._idle.append(child)
        return sent

    async def _child(self) -> ChildProcess:
        while self._idle:
            child = self._idle.pop()
            if child.lives():
                return child
            await child.end()
        return await ChildProcess.start()


def _work(
    loop: asyncio.AbstractEventLoop, function: Callable[[], Any], conclude: Callable[[Outcome], None]
) -> None:
    outcome = outcome_of(function)
    with suppress(RuntimeError):  # The loop has been closed: nobody is left to be told.
        loop.call_soon_threadsafe(conclude, outcome)

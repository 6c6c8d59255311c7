"""A producer that enqueues steadily, in a thread, for as long as a block lasts."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

CALLS_A_SECOND = 50
ENQUEUE = "select count(*) from worker.enqueue_many(%s, array_fill(%s::jsonb, array[%s]))"


@dataclass(slots=True)
class Producer:
    """What has been enqueued so far; ``late`` is the longest a call began after its time, in seconds."""

    enqueued: int = 0
    late: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Enqueue no more."""
        self._stop.set()

    def run(self, url: str, kind: str, payload: str, rate: int) -> None:
        """Enqueue ``rate`` jobs a second, in calls of equal size; who is late makes up for it."""
        with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
            calls = min(rate, CALLS_A_SECOND)
            due, each = time.monotonic(), rate // calls
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                self.late = max(self.late, time.monotonic() - due)
                connection.execute(ENQUEUE, (kind, payload, each))
                self.enqueued += each
                due += 1 / calls


@contextmanager
def producing(url: str, *, kind: str, payload: str, rate: int) -> Iterator[Producer]:
    """Enqueue until the block ends; raises then what the producer stumbled over."""
    producer = Producer()
    with ThreadPoolExecutor(max_workers=1) as threads:
        ended = threads.submit(producer.run, url, kind, payload, rate)
        try:
            yield producer
        finally:
            producer.stop()
        ended.result()

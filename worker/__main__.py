"""The way in, of ``mintmark`` and of ``python -m worker`` alike.

Loading the rest takes most of a second, and a supervisor may change its mind in it. So a worker hears SIGTERM
before anything else is loaded. What comes before this module, Python's own start, is the kernel's to end.
"""

import os
import signal
import sys


def main() -> None:
    """Run the command that was asked for; a worker that is told to end before it has begun exits with 0."""
    if sys.argv[1:2] == ["titles"]:
        from worker.commands.titles import alone  # noqa: PLC0415 - without all that the others need.

        alone()
    is_worker = sys.argv[1:2] == ["worker"]
    if is_worker:
        # Nothing is open yet that would have to be closed, and an exception might be lost inside an import.
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    from worker.cli import main as run  # noqa: PLC0415 - all that is slow hangs on it.

    if is_worker:
        # From here on there may be: an embedded Postgres. The event loop later puts its own in this place.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    run()


if __name__ == "__main__":
    main()

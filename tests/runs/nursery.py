"""Starts worker processes fast: loads the program once, then forks a worker for every line it is told.

Answers each line with the worker's number. As a script, it is its own process: there is no thread to fork.
"""

import os
import signal
import sys

from worker.cli import main


def serve() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The kernel buries them.
    while sys.stdin.readline():
        if (pid := os.fork()) == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            be_a_worker()
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def be_a_worker() -> None:
    sys.argv = ["mintmark", "worker"]
    try:
        main()
    finally:
        os._exit(1)


if __name__ == "__main__":
    serve()

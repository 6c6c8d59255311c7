"""``python -m worker`` is ``mintmark``."""

from worker.cli import main

main()

"""Measurements, each beside what the same server does with the least work. Run by ``mintmark bench``."""

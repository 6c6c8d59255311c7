"""Taking work and giving it back. Knows nothing of cards, runs or handlers."""

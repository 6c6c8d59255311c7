"""Runs: states, checkpoint, items, events, budget; and the handler's side of them."""

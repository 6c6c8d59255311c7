"""Our tables and what is read into them: imports, cards, sellers, inventory, observations, prices."""

"""A stand-in for the marketplaces' APIs: answers from records given to it, keeps a journal, plays faults."""

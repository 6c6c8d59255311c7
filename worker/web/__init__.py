"""What answers over HTTP: the ops port of a worker."""

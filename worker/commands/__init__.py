"""The commands, a file a noun. They ask, print and exit; what they do is done elsewhere."""

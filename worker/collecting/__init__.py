"""Gathering what the market says of a thing: a file for each source, behind one small protocol."""

"""Arithmetic and the reading of titles: plain functions of plain values, importing nothing of ours."""

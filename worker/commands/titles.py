"""``mintmark titles``: what listings' titles say. It needs no database, and hardly a moment to start."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from worker.pricing.listing import read_listing

CHUNK = 1 << 16
KEYS = ("condition", "grader", "grade", "language", "variant", "quantity", "number", "left_out", "why")
_JSON = json.JSONEncoder(ensure_ascii=False)


def titles(
    file: Annotated[
        Path | None,
        typer.Argument(show_default=False, help="Standard input, if none is named, or a dash is."),
    ] = None,
) -> None:
    """Read titles of listings, a line each, and print what each says as a line of JSON.

    A line is a title; behind a tab it may give the name of the card that is looked for, and behind another
    its number. Every line is answered, whatever is in it.
    """
    if file is None or str(file) == "-":
        _answer(sys.stdin.buffer.fileno())
    else:
        with _opened(file) as opened:
            _answer(opened.fileno())


def alone() -> None:
    """Run this command and load no other: the way in takes it where it is all that was asked for."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(titles)
    app(sys.argv[2:], prog_name="mintmark titles")


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        typer.echo(f"mintmark: cannot read {file}: {error.strerror}", err=True)
        raise typer.Exit(2) from None


def _answer(source: int) -> None:
    """Answer what has come as soon as it has come, so that somebody who types sees the answer."""
    for lines in _lines(source):
        sys.stdout.buffer.write("".join(_told(lines)).encode())
        sys.stdout.buffer.flush()


def _lines(source: int) -> Iterator[list[bytes]]:
    """The lines of a file as they come in, many at a time; the last may lack its end."""
    parts = list[bytes]()
    while chunk := os.read(source, CHUNK):
        *whole, rest = chunk.split(b"\n")
        if whole:
            whole[0] = b"".join(parts) + whole[0]
            parts = []
            yield whole
        parts.append(rest)
    if last := b"".join(parts):
        yield [last]


def _told(lines: Iterable[bytes]) -> Iterator[str]:
    encode = _JSON.encode
    for line in lines:
        parts = line.decode("utf-8", "replace").rstrip("\r").lstrip("\ufeff").split("\t")
        title, name, number = (*parts, "", "")[:3]
        reading = read_listing(title, name.strip() or None, number.strip() or None)
        yield encode({"title": title, **dict(zip(KEYS, reading, strict=False))}) + "\n"

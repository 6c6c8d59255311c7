"""The Dockerfile, read."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.docs.pages import ROOT


class Instruction(NamedTuple):
    """One instruction: in which stage, its word, and what follows it."""

    stage: int
    word: str
    rest: str


def instructions() -> list[Instruction]:
    """All of them, without comments, a line each."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    found, stage = list[Instruction](), -1
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line:
            word, rest = line.split(maxsplit=1)
            stage += word == "FROM"
            found.append(Instruction(stage, word, rest))
    return found


ALL = instructions()
BUILD = [one for one in ALL if one.stage == 0]
LAST = [one for one in ALL if one.stage == ALL[-1].stage]


def only(word: str) -> str:
    """What follows the one instruction of this kind in the last stage."""
    [one] = [one.rest for one in LAST if one.word == word]
    return one


def environment(stage: list[Instruction]) -> Mapping[str, str]:
    """What a stage's ENV lines set."""
    pairs = [pair for one in stage if one.word == "ENV" for pair in shlex.split(one.rest)]
    return dict(pair.split("=", 1) for pair in pairs)


def copied(stage: list[Instruction]) -> Iterator[str]:
    """What a stage copies out of the checkout."""
    for one in stage:
        if one.word == "COPY" and not one.rest.startswith("--from"):
            yield from one.rest.split()[:-1]


def health_check() -> list[str]:
    """The command that asks a worker whether it is ready."""
    command: list[str] = json.loads(only("HEALTHCHECK").partition("CMD ")[2])
    return command

"""The source that the page shows: put together from its blocks, and run by its own test."""

import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs.pages import Block, blocks
from tests.docs.test_examples import loaded, parts, written
from worker.collecting.source import Source
from worker.db import Database

EXAMPLES = [block for block in blocks() if block.runs.startswith("worker/collecting/")]


@pytest.fixture
def adapter(example: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    name = ".".join(Path(example.runs).with_suffix("").parts)
    path = written(example, tmp_path)
    monkeypatch.setitem(sys.modules, name, ModuleType(name))  # Taken away again at the end.
    return loaded(path, name)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
@pytest.mark.usefixtures("adapter")
async def test_the_source_does_what_its_test_says(
    example: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: Database
) -> None:
    monkeypatch.setitem(sys.modules, "its_test", ModuleType("its_test"))
    name = Path(example.runs).stem
    shown = loaded(tmp_path / "tests" / "collecting" / f"test_{name}.py", "its_test")
    tests = [one for name, one in vars(shown).items() if name.startswith("test_")]

    assert len(tests) == 1
    assert inspect.iscoroutinefunction(tests[0])
    await tests[0](db)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_the_line_of_the_source_puts_its_adapter_into_the_list(example: Block, adapter: ModuleType) -> None:
    name = Path(example.runs).stem
    line = parts(example)[f"{name} in the list"]

    made: list[Source] = eval(f"[{line}]", {**vars(adapter)})

    assert [one.adapter for one in made] == [name]


def test_there_is_a_source_to_try() -> None:
    assert [Path(example.runs).stem for example in EXAMPLES] == ["corner"]

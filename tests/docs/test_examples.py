"""The handlers that the pages show: each is put together from its blocks and run by its own test."""

import importlib.util
import inspect
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from tests.docs.pages import ROOT, Block, blocks
from worker.db import Database
from worker.runs.binding import bind

EXAMPLES = [
    block for block in blocks() if block.runs.startswith("worker/handlers/") and block.runs.endswith(".py")
]


def loaded(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def parts(example: Block) -> Mapping[str, str]:
    """Everything that the page shows about the example's kind, by how it is run."""
    kind = Path(example.runs).stem
    return {block.runs: block.text for block in blocks() if block.page == example.page and kind in block.runs}


def written(example: Block, folder: Path) -> Path:
    """Put the files of an example where they belong, below a folder; answers where the handler is."""
    for name, text in parts(example).items():
        if "/" in name:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder / example.runs


@pytest.fixture
def example_module(example: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    handler = written(example, tmp_path)
    for part in (*sorted(set(modules_of(example)) - {example.runs}), example.runs):
        name = ".".join(Path(part).with_suffix("").parts)
        monkeypatch.setitem(sys.modules, name, ModuleType(name))  # Taken away again at the end.
        module = loaded(tmp_path / part, name)
    assert Path(str(module.__file__)) == handler
    return module


def modules_of(example: Block) -> list[str]:
    """The modules that an example consists of; what its handler imports are the others."""
    return [name for name in parts(example) if name.startswith("worker/") and name.endswith(".py")]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
@pytest.mark.usefixtures("example_module")
async def test_the_example_does_what_its_test_says(
    example: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: Database
) -> None:
    kind = Path(example.runs).stem
    monkeypatch.setitem(sys.modules, "its_test", ModuleType("its_test"))
    shown = loaded(tmp_path / "tests" / "handlers" / f"test_{kind}.py", "its_test")
    tests = [one for name, one in vars(shown).items() if name.startswith("test_")]

    assert len(tests) == 1
    assert inspect.iscoroutinefunction(tests[0])
    await tests[0](db)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_the_line_of_the_example_puts_its_kind_into_the_list(
    example: Block, example_module: ModuleType
) -> None:
    kind = Path(example.runs).stem
    nowhere = cast(Database, None)  # Binding asks nothing of it.
    line = parts(example)[f"{kind} in the list"]

    [handler] = eval(f"[{line}]", {**vars(example_module), "db": nowhere})

    assert bind(handler, nowhere, stopping=lambda: False).name == kind


@pytest.mark.parametrize("block", [block for block in blocks() if block.runs.endswith(".py")], ids=str)
@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=["check", "format"])
def test_the_example_keeps_to_the_style_of_the_house(block: Block, command: tuple[str, ...]) -> None:
    ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "--stdin-filename", block.runs, "-"]
    if command == ("check",):
        ruff += ["--ignore", "I001"]  # A module that is not there yet is taken for somebody else's.

    done = subprocess.run(ruff, input=block.text, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr

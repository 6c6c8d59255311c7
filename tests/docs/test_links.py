"""Pages lead somewhere: every link resolves, every page is found, every file they name is there."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, blocks, links, prose

FILE = re.compile(r"`((?:worker|tests|migrations|benchmarks|docs|deploy)/[\w./*-]+)`")
BY_HOW_THEY_RUN = {"demo", "demo, further down", "prices", "trace", "psql"}
BY_HOW_THEY_RUN |= {"shell", "shell on an empty database", "shell with workers"}
BY_HOW_THEY_RUN |= {"stock.csv", "import of stock.csv"}


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def target(page: Path, link: str) -> tuple[Path, str]:
    path, _, anchor = link.partition("#")
    return (page.parent / path).resolve() if path else page, anchor


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_of_the_page_resolves(page: Path) -> None:
    ours = [target(page, link) for link in links(page) if not link.startswith("https://")]

    dead = [
        str(path) for path, anchor in ours if not path.exists() or (anchor and anchor not in anchors(path))
    ]

    assert not dead


def test_every_page_is_found_from_the_readme() -> None:
    found, look = set[Path](), [ROOT / "README.md"]
    while look:
        page = look.pop()
        found.add(page)
        linked = {target(page, link)[0] for link in links(page) if not link.startswith("https://")}
        look += [path for path in linked - found if path.suffix == ".md"]

    assert not set(PAGES) - found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_that_the_page_names_is_there(page: Path) -> None:
    examples = {block.runs for block in blocks()}

    missing = [path for path in FILE.findall(prose(page)) if path not in examples and not [*ROOT.glob(path)]]

    assert not missing


def test_every_marked_block_is_run_by_a_test() -> None:
    unknown = [
        str(block)
        for block in blocks()
        if block.runs not in BY_HOW_THEY_RUN
        and not re.fullmatch(
            r"worker/(handlers|clients|collecting)/\w+\.(py|sql)"
            r"|tests/(handlers|collecting)/test_\w+\.py|\w+ in the list",
            block.runs,
        )
    ]

    assert not unknown

"""Our own pages, read: their tables, their marked blocks, their links.

A fenced block under a line ``<!-- runs: what -->`` is executed by a test; ``what`` says how.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "deploy" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]

BLOCK = re.compile(r"^<!-- runs: (.+?) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^]]+]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CELL_BORDER = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Block:
    """A block that a test executes: where it stands, how it is run, and its text."""

    page: Path
    runs: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}-{self.runs}"


def blocks(*runs: str) -> list[Block]:
    """Find the marked blocks of all pages, or those that are run in one of these ways."""
    found = [Block(page, *match) for page in PAGES for match in BLOCK.findall(page.read_text("utf-8"))]
    return [block for block in found if not runs or block.runs in runs]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return FENCED.sub("", page.read_text("utf-8"))


def links(page: Path) -> list[str]:
    """List where a page's links point, as they are written."""
    return LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    found = HEADING.findall(prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def table(page: str, *header: str) -> list[list[str]]:
    """The rows of the one table of ``docs/<page>`` with this header; cells without their backticks."""
    tables = re.findall(r"(?:^\|.*\n)+", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE)
    found = [rows for rows in map(_rows, tables) if tuple(rows[0]) == header]
    assert len(found) == 1, f"docs/{page} has {len(found)} tables with the header {header}"
    return found[0][2:]


def _rows(text: str) -> list[list[str]]:
    return [[_plain(cell) for cell in CELL_BORDER.split(line)[1:-1]] for line in text.splitlines()]


def _plain(cell: str) -> str:
    return cell.strip().replace("`", "").replace("\\|", "|")

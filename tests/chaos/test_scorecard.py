"""The scorecard's page tells the truth: every row is there, and one that nothing stands for says so."""

from pathlib import Path

from tests.chaos.scorecard import BEGIN, END, ROWS, Result, main, table


def test_a_row_without_a_test_says_not_tested() -> None:
    drawn = table([Result(3, "tests/chaos/test_x.py::test_y", "failed", "short", ["2 of 3"])])

    assert drawn.count("not tested") == len(ROWS) - 1
    assert "failed (`test_y`, short lane): 2 of 3" in drawn


def test_drawing_the_page_twice_leaves_its_words_alone(tmp_path: Path) -> None:
    page, results = tmp_path / "page.md", tmp_path / "results"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    results.write_text('{"row": 1, "test": "t", "outcome": "passed", "lane": "long", "figures": []}\n')

    main(str(results), str(page))
    once = page.read_text()
    main(str(results), str(page))

    assert page.read_text() == once
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")


def test_a_row_that_is_drawn_alone_leaves_the_lines_of_the_others_as_they_are(tmp_path: Path) -> None:
    page, first, second = tmp_path / "page.md", tmp_path / "first", tmp_path / "second"
    page.write_text(f"{BEGIN}\n{END}\n")
    line = '{"row": %d, "test": "t", "outcome": "%s", "lane": "long", "figures": []}\n'
    first.write_text(line % (1, "passed") + line % (3, "failed"))
    second.write_text(line % (3, "passed"))
    main(str(first), str(page))
    before = page.read_text().splitlines()

    main(str(second), str(page), "3")

    after = page.read_text().splitlines()
    [changed] = [new for old, new in zip(before, after, strict=True) if old != new]
    assert changed.startswith("| 3 |")
    assert "passed" in changed

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

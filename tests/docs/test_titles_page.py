"""The page about titles: its examples are read again, its closed lists are those of the code."""

from typing import get_args

from tests.docs.pages import table
from worker.pricing.listing import LeftOut, ListingReading, read_listing
from worker.pricing.variants import Variant

EXAMPLE = ("title", "condition", "slab", "variant", "quantity", "number", "left out")


def written(title: str, read: ListingReading) -> list[str]:
    """A reading as the page writes it."""
    slab = " ".join(filter(None, (read.grader, read.grade)))
    found = (read.condition, slab, read.variant, read.quantity, read.number, read.left_out)
    return [title, *("" if one is None else str(one) for one in found)]


def test_the_examples_are_read_as_the_page_says() -> None:
    rows = table("titles.md", *EXAMPLE)

    assert len(rows) >= 10
    assert rows == [written(row[0], read_listing(row[0])) for row in rows]


def test_the_page_has_every_reason_in_the_order_of_precedence() -> None:
    assert [row[0] for row in table("titles.md", "reason", "it is")] == list(get_args(LeftOut))


def test_the_page_has_every_variant_and_its_words_say_it() -> None:
    rows = table("titles.md", "variant", "said by words such as")

    assert [row[0] for row in rows] == list(get_args(Variant))
    for variant, words in rows:
        for one in words.removeprefix("also ").replace("; also", ",").split(","):
            assert read_listing(f"Charizard 4/102 {one}").variant == variant, one

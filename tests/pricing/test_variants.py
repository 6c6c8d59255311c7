"""Printings: from words to names, and from names to those of the card sources."""

import pytest

from worker.pricing.listing import read_listing
from worker.pricing.variants import joined


@pytest.mark.parametrize(
    ("words", "variant"),
    [
        ("", None),
        ("Holo", "holofoil"),
        ("Reverse Holo", "reverse_holofoil"),
        ("Non-Holo", "normal"),
        ("not holo", "normal"),
        ("1st Edition", "first_edition"),
        ("1st Ed. Holo", "first_edition_holofoil"),
        ("First Edition non holo", "first_edition_normal"),
        ("1st Edition Shadowless", "first_edition"),
        ("Shadowless Holo", "shadowless"),
        ("Unlimited Holo", "unlimited_holofoil"),
        ("Unlimited", "unlimited"),
        ("Cosmos Holo", "cosmos_holofoil"),
        ("Master Ball Reverse Holo", "master_ball_reverse_holofoil"),
        ("not 1st edition", None),
    ],
)
def test_a_printing_is_what_its_words_say(words: str, variant: str | None) -> None:
    assert read_listing(f"Charizard 4/102 {words}").variant == variant


@pytest.mark.parametrize(
    ("variant", "known", "meant"),
    [
        ("holofoil", ["normal", "holofoil"], "holofoil"),
        ("holofoil", ["normal", "holo", "reverse"], "holo"),
        ("reverse_holofoil", ["holo", "reverse"], "reverse"),
        ("first_edition", ["first_edition_holofoil", "unlimited_holofoil"], "first_edition_holofoil"),
        ("first_edition_holofoil", ["holo", "first_edition"], "first_edition"),
        ("holofoil", ["first_edition_holofoil", "unlimited_holofoil"], "unlimited_holofoil"),
        ("shadowless", ["holofoil"], None),
        ("normal", [], None),
    ],
)
def test_a_printing_joins_the_name_that_the_print_s_source_has_for_it(
    variant: str, known: list[str], meant: str | None
) -> None:
    assert joined(variant, known) == meant

"""Where a title says a card's name, and where it goes on to say another's."""

import pytest

from worker.pricing.card_names import MISSPELT, SCATTERED, WHOLE, find_name, misspelt
from worker.pricing.titles import read_title


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Charizard 4/102", "Charizard"),
        ("Farfetchd 27/102", "Farfetch'd"),
        ("Farfetch d 27/102", "Farfetch'd"),
        ("Mr Mime 6/64", "Mr. Mime"),
        ("Pokeball 64/64", "Pok\N{LATIN SMALL LETTER E WITH ACUTE} Ball"),
        ("Plus Power 84/102", "PlusPower"),
        ("Charizard GX 9/68", "Charizard-GX"),
        ("Mega Charizard EX 13/106", "M Charizard-EX"),
        ("Pikachu and Zekrom GX 33/181", "Pikachu & Zekrom-GX"),
        ("Professor's Research 178/202", "Professor's Research (Professor Magnolia)"),
        ("Gyarados 102/110", "Gyarados \N{BLACK STAR} \N{GREEK SMALL LETTER DELTA}"),
        ("Birthday Pikachu 24", "_____'s Pikachu"),
        ("Nidoran 55/102", "Nidoran \N{MALE SIGN}"),
        ("Pokegear 3.0 174/202", "Pok\N{LATIN SMALL LETTER E WITH ACUTE}gear 3.0"),
    ],
)
def test_a_name_is_found_however_it_is_written(title: str, name: str) -> None:
    found = find_name(read_title(title), name)

    assert (found.likeness, found.longer) == (WHOLE, False)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Dark Charizard 4/82", "Charizard"),
        ("Blaine's Charizard 2/132", "Charizard"),
        ("Brock's Onix 5/132", "Onix"),
        ("Charizard VMAX 20/189", "Charizard"),
        ("Charizard ex 6/165", "Charizard"),
        ("Super Potion 90/102", "Potion"),
        ("Nidoran \N{FEMALE SIGN} 57/64", "Nidoran \N{MALE SIGN}"),
    ],
)
def test_a_title_that_goes_on_to_a_longer_name_means_another_card(title: str, name: str) -> None:
    assert find_name(read_title(title), name).longer


@pytest.mark.parametrize(
    "title", ["Charizard 4/102 EX", "Charizard EX-NM 4/102", "Charizard ex/nm condition"]
)
def test_an_ex_that_is_a_condition_is_not_one_of_the_name(title: str) -> None:
    assert not find_name(read_title(title), "Charizard").longer


def test_a_missing_word_of_the_name_counts_for_more_than_a_slip_of_the_pen() -> None:
    assert find_name(read_title("Charizard 20/189"), "Charizard VMAX").likeness < MISSPELT


def test_words_of_a_name_may_stand_apart_but_not_a_letter_that_says_little_by_itself() -> None:
    assert find_name(read_title("Ponyta 81/202 Galarian"), "Galarian Ponyta").likeness == SCATTERED
    assert find_name(read_title("Celebi 1/202 holo V"), "Celebi V").likeness < MISSPELT


def test_a_slip_of_the_pen_is_found_and_another_word_is_none() -> None:
    assert misspelt(read_title("Charazard 4/102"), "Charizard") == (0,)
    assert misspelt(read_title("Imposter Professor Oak"), "Impostor Professor Oak") == (0, 1, 2)
    assert misspelt(read_title("Blastoise 4/102"), "Charizard") == ()
    assert misspelt(read_title("Muw 8/53"), "Mew") == ()

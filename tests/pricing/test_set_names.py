"""How titles name sets: aliases made from the catalogue's own names."""

import pytest

from worker.pricing.set_names import CardSet, SetNames
from worker.pricing.titles import read_title

SETS = [
    CardSet(1, "base1", "Base", "Base", 102, "BS", 1999),
    CardSet(2, "base2", "Jungle", "Base", 64, "JU", 1999),
    CardSet(3, "base4", "Base Set 2", "Base", 130, "B2", 2000),
    CardSet(4, "base5", "Team Rocket", "Base", 82, "TR", 2000),
    CardSet(5, "ex7", "Team Rocket Returns", "EX", 109, "TRR", 2004),
    CardSet(6, "ex8", "Deoxys", "EX", 107, "DX", 2005),
    CardSet(7, "ecard1", "Expedition Base Set", "E-Card", 165, "EX", 2002),
    CardSet(8, "swsh1", "Sword & Shield", "Sword & Shield", 202, "SSH", 2020),
    CardSet(9, "swsh3", "Darkness Ablaze", "Sword & Shield", 189, "DAA", 2020),
    CardSet(10, "cel25", "Celebrations", "Sword & Shield", 25, "CEL", 2021),
    CardSet(11, "cel25c", "Celebrations: Classic Collection", "Sword & Shield", 25, "CEL", 2021),
    CardSet(12, "sv3pt5", "151", "Scarlet & Violet", 165, "MEW", 2023),
    CardSet(13, "ex6", "FireRed & LeafGreen", "EX", 112, "RG", 2004),
    CardSet(14, "pop5", "POP Series 5", "POP", 17, None, 2007),
    CardSet(15, "mcd19", "McDonald's Collection 2019", "Other", 12, None, 2019),
    CardSet(16, "hgss2", "HS\N{EM DASH}Unleashed", "HeartGold & SoulSilver", 95, "UL", 2010),
    CardSet(17, "swshp", "SWSH Black Star Promos", "Sword & Shield", 307, "PR-SW", 2019),
    CardSet(18, "basep", "Wizards Black Star Promos", "Base", 53, "PR", 1999),
]


def named(title: str) -> list[list[str]]:
    """For each phrase of a title that names sets, their ids, sorted."""
    names = SetNames(SETS)
    mentions = names.mentions(read_title(title).words)
    return [sorted(names.by_id[one].source_set_id for one in found.meaning.sets) for found in mentions]


@pytest.mark.parametrize(
    ("title", "sets"),
    [
        ("Charizard Base Set", ["base1"]),
        ("Charizard base unlimited", ["base1"]),
        ("Charizard Base Set 2", ["base4"]),
        ("Charizard Expedition Base Set", ["ecard1"]),
        ("Charizard Expedition", ["ecard1"]),
        ("Dark Charizard Team Rocket", ["base5"]),
        ("Copycat Team Rocket Returns", ["ex7"]),
        ("Lotad EX Deoxys", ["ex8"]),
        ("Celebi V Sword and Shield Base Set", ["swsh1"]),
        ("Celebi V SWSH base", ["swsh1"]),
        ("Charizard SWSH Darkness Ablaze", ["swsh3"]),
        ("Charizard Sword & Shield: Darkness Ablaze", ["swsh3"]),
        ("Mew Celebrations", ["cel25", "cel25c"]),
        ("Mew 25th Anniversary", ["cel25", "cel25c"]),
        ("Charizard Celebrations Classic Collection", ["cel25c"]),
        ("Charizard Pokemon 151", ["sv3pt5"]),
        ("Charizard ex Fire Red Leaf Green", ["ex6"]),
        ("Umbreon POP 5", ["pop5"]),
        ("Pikachu McDonald's 2019", ["mcd19"]),
        ("Steelix HS Unleashed", ["hgss2"]),
        ("Steelix HeartGold SoulSilver Unleashed", ["hgss2"]),
        ("Pikachu SWSH Promo", ["swshp"]),
        ("Pikachu WOTC promo", ["basep"]),
        ("Pikachu Black Star Promo", ["basep", "swshp"]),
    ],
)
def test_a_set_is_known_by_its_name_its_series_and_what_sellers_call_it(title: str, sets: list[str]) -> None:
    assert named(title) == [sets]


def test_what_reprints_the_original_is_known_even_where_the_catalogue_has_it_not() -> None:
    names = SetNames([SETS[0]])

    [found] = names.mentions(read_title("Charizard Base Set 2").words)

    assert (found.meaning.sets, found.meaning.strong) == (frozenset(), True)


def test_a_word_that_means_other_things_as_well_contradicts_no_other_set() -> None:
    names = SetNames(SETS)

    strong = {
        word: names.mentions(read_title(word).words)[0].meaning.strong for word in ("Deoxys", "151", "Jungle")
    }

    assert strong == {"Deoxys": False, "151": False, "Jungle": True}


def test_only_codes_of_three_letters_and_more_name_a_set() -> None:
    assert {"mew", "daa", "swshp"} <= set(SetNames(SETS).by_code)
    assert not {"bs", "tr", "ex"} & set(SetNames(SETS).by_code)

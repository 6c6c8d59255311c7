"""``[prices]`` and ``[quotas]``: what is read of them, and the sentence for what is wrong."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from worker.errors import BadSettings
from worker.runs.prices import PaidCall, Prices, Repeat, UnknownPrice
from worker.settings import Settings, load_settings

ROOT = Path(__file__).parents[1]
SEARCH = PaidCall("ebay", "search", Repeat.SAME_KEY)
Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Read settings from the given text of each layer; keywords are the environment."""

    def load(toml: str = "", dotenv: str = "", **environ: str) -> Settings:
        (tmp_path / "worker.toml").write_text(toml)
        (tmp_path / ".env").write_text(dotenv)
        return load_settings(toml=tmp_path / "worker.toml", dotenv=tmp_path / ".env", environ=environ)

    return load


def test_prices_are_exact_whether_a_number_or_a_text_says_them(load: Load) -> None:
    settings = load(
        "[prices.ebay]\nsearch = 0.1\nitem = '0.2'\nbulk = 3\n[prices.amazon_sp]\nlookup_2 = 0",
        WORKER_PRICES__EBAY__BROWSE_ITEM="0.0003",
    )

    assert settings.prices == {
        "ebay": {
            "search": Decimal("0.1"),
            "item": Decimal("0.2"),
            "bulk": Decimal(3),
            "browse_item": Decimal("0.0003"),
        },
        "amazon_sp": {"lookup_2": Decimal(0)},
    }
    assert settings.prices["ebay"]["search"] * 3 == Decimal("0.3")


def test_each_price_is_overruled_by_itself(load: Load) -> None:
    settings = load(
        "[prices.ebay]\nsearch = 1\nitem = 2\nbulk = 3\n[quotas]\nebay = 5000\npokemon_tcg = 20",
        "WORKER_PRICES__EBAY__ITEM=4\nWORKER_PRICES__EBAY__BULK=5\nWORKER_QUOTAS__EBAY=7",
        WORKER_PRICES__EBAY__BULK="6",
        WORKER_QUOTAS__POKEMON_TCG="",
    )

    assert settings.prices["ebay"] == {"search": 1, "item": 4, "bulk": 6}
    assert settings.quotas == {"ebay": 7, "pokemon_tcg": 20}


def test_what_nobody_has_priced_is_refused_in_a_sentence_that_names_the_setting(load: Load) -> None:
    prices = Prices(load("[prices.ebay]\nitem = 1").prices)

    with pytest.raises(UnknownPrice, match=r"set search under \[prices\.ebay\], in cents"):
        prices.highest(SEARCH)
    assert Prices(load("[prices.ebay]\nsearch = 0").prices).highest(SEARCH) == 0


def test_without_a_word_there_are_no_prices_and_no_quotas(load: Load) -> None:
    settings = load("[prices]\n[prices.ebay]\n[quotas]")

    assert (settings.prices, settings.quotas) == ({}, {})


def test_the_examples_in_worker_toml_and_env_example_can_be_taken_as_they_are(tmp_path: Path) -> None:
    toml, env = (ROOT / "worker.toml").read_text(), (ROOT / ".env.example").read_text()
    (tmp_path / "worker.toml").write_text(re.sub(r"(?m)^#(?=[\w\[])", "", toml))
    (tmp_path / ".env").write_text(re.sub(r"(?m)^#(?=\w)", "", env))

    from_toml = load_settings(toml=tmp_path / "worker.toml", dotenv=tmp_path / "none", environ={})
    from_env = load_settings(toml=tmp_path / "none", dotenv=tmp_path / ".env", environ={})

    assert from_toml.prices == from_env.prices == {"ebay": {"search": Decimal("0.1")}}
    assert from_toml.quotas == from_env.quotas == {"ebay": 5000}


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[prices.ebay]\nsearch = -1", "prices.ebay.search in worker.toml is -1: it should be greater than"),
        ("[prices.ebay]\nsearch = nan", "prices.ebay.search in worker.toml is nan: it should be a finite nu"),
        ("[prices.ebay]\nsearch = 'x'", "prices.ebay.search in worker.toml is 'x': it should be a valid dec"),
        ("[prices.ebay]\nsearch = true", "prices.ebay.search in worker.toml is True: it must be a number"),
        ("[prices.ebay]\nsearch = 0.00001", "is 1e-05: Decimal input should have no more than 4 decimal"),
        ("[prices.ebay]\nsearch = 1e11", "prices.ebay.search in worker.toml is 100000000000.0: "),
        ("[prices]\nebay = 5", "prices.ebay in worker.toml is not a setting; it is prices.API.OPERATION"),
        ("prices = 5", "prices in worker.toml is not a setting; it is prices.API.OPERATION"),
        ("[prices.ebay.search]\nx = 5", "prices.ebay.search.x in worker.toml is not a setting"),
        ("[prices.eBay]\nsearch = 1", "prices.eBay.search in worker.toml is 1: an API and an operation have"),
        ("[prices.ebay]\na__b = 1", "prices.ebay.a__b in worker.toml is 1: an API and an operation have"),
        ("[price.ebay]\nsearch = 1", "price.ebay.search in worker.toml is not a setting"),
        ("[quotas]\nebay = 1.5", "quotas.ebay in worker.toml is 1.5: it should be a valid integer"),
        ("[quotas]\nebay = -1", "quotas.ebay in worker.toml is -1: it should be greater than or equal to 0"),
        ("[quotas]\nebay = 3000000000", "quotas.ebay in worker.toml is 3000000000: it should be less than"),
        ("[quotas.ebay]\nsearch = 1", "quotas.ebay.search in worker.toml is not a setting; it is quotas.API"),
        ("quotas = 5", "quotas in worker.toml is not a setting; it is quotas.API"),
    ],
)
def test_what_is_wrong_in_worker_toml_is_said_in_a_sentence_that_names_it(
    load: Load, toml: str, sentence: str
) -> None:
    with pytest.raises(BadSettings, match=re.escape(sentence)):
        load(toml)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WORKER_PRICES__EBAY", "1", "is not a setting; it is WORKER_PRICES__API__OPERATION"),
        ("WORKER_PRICES_EBAY__SEARCH", "1", "is not a setting; it is WORKER_PRICES__API__OPERATION"),
        ("WORKER_PRICES__EBAY__A__B", "1", "is not a setting; it is WORKER_PRICES__API__OPERATION"),
        ("WORKER_PRICES__EBAY__Search", "1", "is not a setting; it is WORKER_PRICES__API__OPERATION"),
        ("WORKER_PRICES__EBAY__SEARCH", "free", "WORKER_PRICES__EBAY__SEARCH in the environment is 'free': "),
        ("WORKER_QUOTAS_EBAY", "1", "is not a setting; it is WORKER_QUOTAS__API"),
        ("WORKER_QUOTAS__EBAY__DAY", "1", "is not a setting; it is WORKER_QUOTAS__API"),
        ("WORKER_QUOTAS__EBAY", "1.5", "WORKER_QUOTAS__EBAY in the environment is '1.5': it should be a va"),
    ],
)
def test_what_is_wrong_in_the_environment_is_said_in_a_sentence_that_names_it(
    load: Load, name: str, value: str, sentence: str
) -> None:
    with pytest.raises(BadSettings, match=re.escape(sentence)):
        load(**{name: value})


def test_everything_wrong_is_said_at_once(load: Load) -> None:
    with pytest.raises(BadSettings, match=r"ops\.port.*prices\.ebay\.search.*quotas\.ebay"):
        load("[prices.ebay]\nsearch = -1\n[quotas]\nebay = -1\n[ops]\nport = -1")

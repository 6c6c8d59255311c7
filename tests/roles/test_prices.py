"""Who may read prices gets the stored one, however old, and is told how to have one computed."""

from datetime import timedelta

import pytest

from tests.prices.market import Market
from tests.roles.conftest import Login, name_of, with_login
from worker.catalog.comps import Window
from worker.catalog.live_prices import MayNotCompute, get_live_price
from worker.catalog.price_curves import Pricer
from worker.db import Database, open_database
from worker.pricing.curve import Habits


@pytest.mark.parametrize("role", ["mintmark_reader", "mintmark_operator"])
async def test_who_may_only_read_is_shown_the_stored_price_with_its_age(
    db: Database, database_url: str, login: Login, role: str
) -> None:
    market, pricer = Market(db), Pricer(Habits(), Window())
    card, other = await market.card("4", "Charizard"), await market.card("5", "Clefairy")
    for price in ("290", "300", "310"):
        await market.said(card, "Charizard 4/102 NM", price, basis="sold")
    await get_live_price(db, pricer, card, fresh_for=timedelta(hours=1))
    await db.execute("update worker.price_checks set computed_at = now() - interval '3 days'")
    name = await name_of(await login(role))

    async with open_database(with_login(database_url, name), size=2) as theirs:
        old = await get_live_price(theirs, pricer, card, fresh_for=timedelta(hours=1))
        for print_id, force in ((card, True), (other, False)):
            with pytest.raises(MayNotCompute, match="price_curve"):
                await get_live_price(theirs, pricer, print_id, fresh_for=timedelta(hours=1), force=force)

    assert (old.computed_now, old.age > timedelta(days=2)) == (False, True)
    assert str(old.curves[0].prices["NM"][0]) == "300.00"

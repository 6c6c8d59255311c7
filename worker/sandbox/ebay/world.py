"""The world behind the stand-in: its sellers and their shops, made from a seed, and how it goes on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from worker.sandbox.ebay.books import Json, shop_book
from worker.sandbox.ebay.members import Seller, make_sellers
from worker.sandbox.ebay.orders import Change, NotPossible, Order, changed
from worker.sandbox.ebay.sample import Card, sample_cards
from worker.sandbox.ebay.selling import make_order
from worker.sandbox.ebay.shop import Shop
from worker.sandbox.ebay.times import whole_milliseconds
from worker.sandbox.ebay.wares import make_wares

TWO_YEARS = 725  # days, a little less: what is older cannot be asked for.
FEWEST_WARES = 6
MOST_WARES = 400
DAY_SECONDS = 86_400


class World:
    """Sellers, and what they have at eBay. It stands still until it is told to change."""

    def __init__(self, seed: int, shops: Sequence[Shop]) -> None:
        self._seed = seed
        self._shops = {shop.seller.user_id: shop for shop in shops}
        self._owners = {order.order_id: shop for shop in shops for order in shop.orders}
        self._made = len(self._owners)

    @property
    def sellers(self) -> tuple[Seller, ...]:
        """All sellers, as they are called now."""
        return tuple(shop.seller for shop in self._shops.values())

    def seller(self, user_id: str) -> Seller | None:
        """Return the seller with this immutable id, or None."""
        shop = self._shops.get(user_id)
        return None if shop is None else shop.seller

    def by_username(self, name: str) -> Seller | None:
        """Return who is called so now, or else was before; names are compared without case."""
        wanted = name.casefold()
        now = (each for each in self.sellers if each.username.casefold() == wanted)
        before = (each for each in self.sellers if wanted in map(str.casefold, each.former_usernames))
        return next(now, None) or next(before, None)

    def shop(self, user_id: str | None) -> Shop:
        """Return a seller's shop; ``KeyError`` where there is no such seller."""
        return self._shops[user_id or ""]

    def order(self, order_id: str) -> Order | None:
        """Return any seller's order, or None."""
        owner = self._owners.get(order_id)
        return None if owner is None else owner.order(order_id)

    def book(self, user_id: str) -> Json:
        """Return one seller's book; ``KeyError`` for an unknown seller."""
        return shop_book(self.shop(user_id))

    def books(self) -> dict[str, Json]:
        """Return all sellers' books by user id, as they stand now; JSON can say all of it."""
        return {user_id: shop_book(shop) for user_id, shop in self._shops.items()}

    def modify_order(self, order_id: str, change: Change, *, at: datetime) -> Order:
        """Refund or cancel an order at a moment, which it is then last modified at; return it as it is now.

        ``KeyError`` for an unknown order, ``NotPossible`` where there is nothing to change.
        """
        owner, before = self._owners[order_id], self.order(order_id)
        if before is None:
            raise KeyError(order_id)
        after = changed(before, change, whole_milliseconds(at))
        owner.put(after)
        return after

    def sell(self, user_id: str, count: int, *, at: datetime) -> tuple[Order, ...]:
        """Let a seller sell so many times at a moment; ``KeyError`` for an unknown seller."""
        shop = self.shop(user_id)
        orders = tuple(self._sold(shop, at) for _ in range(count))
        for order in orders:
            shop.put(order)
            self._owners[order.order_id] = shop
        return orders

    def rename(self, user_id: str, username: str) -> Seller:
        """Give a seller a new name; ``KeyError`` for an unknown seller, ``NotPossible`` for a name in use."""
        shop = self.shop(user_id)
        bearer = self.by_username(username)
        if bearer is not None and bearer.user_id != user_id:
            raise NotPossible(f"{username} is taken")
        former = (*shop.seller.former_usernames, shop.seller.username)
        shop.seller = replace(shop.seller, username=username, former_usernames=former)
        return shop.seller

    def _sold(self, shop: Shop, at: datetime) -> Order:
        self._made += 1
        rng = Random(f"{self._seed}/sale/{self._made}")
        moment = whole_milliseconds(at)
        return make_order(rng, shop.seller, shop.wares, number=self._made, created=moment, now=moment)


QUIET = timedelta(minutes=1)
"""Before the world is looked at first: whoever asks for all that is some seconds old gets all of it."""


def make_world(
    *,
    seed: int,
    sellers: int,
    orders: int,
    now: datetime,
    cards: Sequence[Card] | None = None,
    days: int = 85,
    older: float = 0.0,
) -> World:
    """Make a world that is the same for the same arguments.

    ``now`` (aware) is when today is: all orders were created in the ``days`` before it, but for the share
    ``older``, which goes back two years, and nothing has happened in the last minute. ``cards`` are the
    package's sample if not given.
    """
    today = whole_milliseconds(now) - QUIET
    known = cards or sample_cards()
    shops: list[Shop] = []
    number = 0
    made = make_sellers(seed, sellers)
    for place, (seller, count) in enumerate(zip(made, _counts(seed, sellers, orders), strict=True)):
        rng = Random(f"{seed}/shop/{place}")
        moments = sorted(_moment(rng, today, days, older) for _ in range(count))
        wares = make_wares(rng, seller, place, known, _ware_count(count))
        sold = [
            make_order(rng, seller, wares, number=number + each, created=created, now=today)
            for each, created in enumerate(moments, start=1)
        ]
        number += count
        shops.append(Shop(seller, wares, sold, today))
    return World(seed, shops)


def _counts(seed: int, sellers: int, orders: int) -> list[int]:
    """Share out the orders: a few sell much, most sell little, some not at all."""
    rng = Random(f"{seed}/shares")
    places = range(sellers)
    weights = [0.0 if place % 25 == 12 else min(rng.paretovariate(1.1), 30) for place in places]  # noqa: PLR2004
    shares = Counter(rng.choices(places, weights, k=orders))
    return [shares[place] for place in places]


def _ware_count(orders: int) -> int:
    return max(FEWEST_WARES, min(orders * 3 // 4, MOST_WARES))


def _moment(rng: Random, now: datetime, days: int, older: float) -> datetime:
    first, last = (days, TWO_YEARS) if rng.random() < older else (0, days)
    return now - timedelta(seconds=rng.uniform(first, last) * DAY_SECONDS)

"""The sellers of the world: immutable ids, names that change, marketplaces, currencies."""

from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias

Marketplace: TypeAlias = Literal["EBAY_US", "EBAY_GB", "EBAY_DE"]
AccountType: TypeAlias = Literal["INDIVIDUAL", "BUSINESS"]

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
TRADES = ("cards", "tcg", "holos", "slabs", "vault", "binder", "breaks", "collectibles")
CURRENCIES: dict[Marketplace, str] = {"EBAY_US": "USD", "EBAY_GB": "GBP", "EBAY_DE": "EUR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """One seller. ``user_id`` never changes; ``username`` may, and ``former_usernames`` are the oldest first.

    To developers of some countries eBay shows the user id in place of a username: some sellers' names are
    their ids.
    """

    user_id: str
    username: str
    account_type: AccountType
    marketplace: Marketplace
    currency: str
    former_usernames: tuple[str, ...] = ()


def make_sellers(seed: int, count: int) -> tuple[Seller, ...]:
    """Make sellers; what is special comes at fixed places, so that a small world has it too."""
    rng = Random(f"{seed}/sellers")
    return tuple(_seller(rng, place) for place in range(count))


def opaque_id(rng: Random) -> str:
    """Return an id that says nothing, in the place of a name."""
    return "".join(rng.choices(LETTERS, k=11))


def _seller(rng: Random, place: int) -> Seller:
    marketplace = _marketplace(place)
    user_id = f"{opaque_id(rng)}{place:03}"
    name = f"s_{place}_{rng.choice(TRADES)}"
    return Seller(
        user_id=user_id,
        username=user_id if place % 13 == 6 else name.title() if place % 5 == 1 else name,  # noqa: PLR2004
        account_type="BUSINESS" if place % 3 == 0 else "INDIVIDUAL",
        marketplace=marketplace,
        currency="JPY" if place % 20 == 5 else CURRENCIES[marketplace],  # noqa: PLR2004
        former_usernames=(f"old_{name}",) if place % 9 == 4 else (),  # noqa: PLR2004
    )


def _marketplace(place: int) -> Marketplace:
    match place % 10:
        case 3:
            return "EBAY_GB"
        case 7:
            return "EBAY_DE"
        case _:
            return "EBAY_US"

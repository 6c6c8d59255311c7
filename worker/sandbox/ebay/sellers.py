"""Who can sign in: all that the stand-in's doors need to know of its sellers."""

from collections.abc import Sequence
from typing import Protocol


class Seller(Protocol):
    """One seller: ``user_id`` never changes, ``username`` may."""

    @property
    def user_id(self) -> str:
        """The immutable id, by which accounts are known everywhere in the stand-in."""

    @property
    def username(self) -> str:
        """The name that the seller signs in with today."""


class Sellers(Protocol):
    """All sellers there are."""

    @property
    def sellers(self) -> Sequence[Seller]:
        """Every seller, in an order of their own."""

    def seller(self, user_id: str) -> Seller | None:
        """Return a seller by their immutable id, or None."""


def signing_in(sellers: Sellers, username: str) -> Seller | None:
    """Return the seller of this name, or None."""
    return next((each for each in sellers.sellers if each.username == username), None)

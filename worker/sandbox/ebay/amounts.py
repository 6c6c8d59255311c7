"""Money as eBay writes it: objects of strings, sometimes with one decimal, never a JSON number."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")
WITHOUT_DECIMALS = frozenset({"JPY"})


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a buyer's payment was converted from: ``rate`` units of the order's currency for one of these."""

    currency: str
    rate: Decimal


def rounded(value: Decimal, currency: str) -> Decimal:
    """Round half even to the smallest coin of a currency: a yen, or a hundredth."""
    return value.quantize(Decimal(1) if currency in WITHOUT_DECIMALS else CENT, ROUND_HALF_EVEN)


def to_cents(value: Decimal) -> str:
    """Write a value with two decimals, rounded half even."""
    return str(value.quantize(CENT, ROUND_HALF_EVEN))


def written(value: Decimal, currency: str, *, terse: bool) -> str:
    """Write a value as eBay does: "264.80", or tersely "264.8"; yen without decimals, or tersely "1500.0"."""
    plain = str(rounded(value, currency))
    if not terse:
        return plain
    return plain.removesuffix("0") if "." in plain else f"{plain}.0"


@dataclass(frozen=True, slots=True)
class Purse:
    """Writes amounts of one order or one seller, all in the same manner."""

    currency: str
    terse: bool = False
    converted: Conversion | None = None

    def amount(self, value: Decimal) -> dict[str, str]:
        """Return an Amount; where money was converted, ``value`` is what came of it."""
        amount = {"value": written(value, self.currency, terse=self.terse), "currency": self.currency}
        if self.converted is not None:
            before = value / self.converted.rate
            amount["convertedFromValue"] = written(before, self.converted.currency, terse=self.terse)
            amount["convertedFromCurrency"] = self.converted.currency
        return amount

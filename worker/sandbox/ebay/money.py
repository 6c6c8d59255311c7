"""Amounts as eBay writes them: strings, in the currency of the site that shows them."""

from decimal import Decimal

CENT = Decimal("0.01")
IN_DOLLARS = {
    "USD": Decimal(1),
    "AUD": Decimal("0.66"),
    "CAD": Decimal("0.73"),
    "EUR": Decimal("1.08"),
    "GBP": Decimal("1.27"),
}
"""What one unit is worth in the sandbox, every day."""
CURRENCIES = {"EBAY_AU": "AUD", "EBAY_CA": "CAD", "EBAY_GB": "GBP", "EBAY_DE": "EUR", "EBAY_FR": "EUR"}
"""The currency of a site; of every other it is the US dollar."""


def converted(value: Decimal, currency: str, to: str) -> Decimal:
    """Return an amount in another currency, to the cent."""
    return (value * IN_DOLLARS[currency] / IN_DOLLARS[to]).quantize(CENT)


def amount(value: Decimal, currency: str, shown_in: str) -> dict[str, str]:
    """Return an amount as a site shows it: if it was converted, with what it was converted from."""
    if currency == shown_in:
        return {"value": str(value), "currency": currency}
    return {
        "value": str(converted(value, currency, shown_in)),
        "currency": shown_in,
        "convertedFromValue": str(value),
        "convertedFromCurrency": currency,
    }

"""What can be consented to, and the short names by which the stand-in knows it (the specs' security)."""

from collections.abc import Iterable

BASE = "https://api.ebay.com/oauth/api_scope"
BASE_NAME = "api_scope"
INSIGHTS = "buy.marketplace.insights"
KNOWN = frozenset(
    {
        BASE_NAME,
        INSIGHTS,
        "commerce.identity.readonly",
        "commerce.message",
        "commerce.notification.subscription",
        "commerce.notification.subscription.readonly",
        "sell.account",
        "sell.account.readonly",
        "sell.analytics.readonly",
        "sell.finances",
        "sell.fulfillment",
        "sell.fulfillment.readonly",
        "sell.inventory",
        "sell.inventory.readonly",
        "sell.marketing",
        "sell.marketing.readonly",
        "sell.payment.dispute",
    }
)
USUAL = KNOWN - {INSIGHTS}
"""What an application is granted without asking: Insights is closed to new ones."""


def short(scope: str) -> str:
    """Return a scope without the address that all begin with: ``sell.fulfillment``, or ``api_scope``."""
    return BASE_NAME if scope == BASE else scope.removeprefix(f"{BASE}/")


def read_scopes(text: str) -> frozenset[str] | None:
    """Read a list with spaces between, as requests hold it; None when one is unknown, or not in full."""
    words = text.split()
    named = frozenset(map(short, words))
    in_full = all(word.startswith(BASE) for word in words)
    return named if in_full and named <= KNOWN else None


def without_a_user(scopes: Iterable[str]) -> frozenset[str]:
    """Return those that an application may have in its own name."""
    return frozenset(each for each in scopes if each == BASE_NAME or each.startswith(("buy.", "commerce.n")))

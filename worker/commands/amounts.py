"""Money on the command line: how an amount is typed, and how one is shown."""

from decimal import Decimal, InvalidOperation

from worker.errors import UserError

HELD = Decimal("0.0001")
"""The finest that the books hold, in cents."""


def read_cents(text: str | None, option: str = "--budget-cents") -> Decimal | None:
    """Read an amount in cents, exactly; None is None. Raises ``UserError`` for what is no amount."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite():
        raise UserError(f"{option} takes an amount such as 250 or 12.5, not {text!r}")
    return amount


def cents(amount: Decimal) -> str:
    """Show cents with two decimals, or with as many as it takes up to four: 500.00, 0.1250."""
    held = amount.quantize(HELD)
    return f"{held:.2f}" if held == held.quantize(Decimal("0.01")) else f"{held:f}"

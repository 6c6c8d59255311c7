"""What a call costs at most, and whether it may be made again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from worker.errors import UserError


class Repeat(StrEnum):
    """What making a call a second time means, when nobody knows what came of the first."""

    SAME_KEY = "same_key"
    """The provider knows the call by its key and charges once: it is made again, on the same reservation."""
    CHARGED_AGAIN = "charged_again"
    """It does no harm and is charged again: the first stays spent, and another is reserved."""
    NEVER = "never"
    """It may do harm: it is not made again unless an operator says so."""


@dataclass(frozen=True, slots=True)
class PaidCall:
    """One operation of somebody else's API, as a budget sees it.

    ``calls`` is what it takes from the provider's daily quota. ``refusals_are_free`` where the provider does
    not charge for an answer that is an error.
    """

    api: str
    operation: str
    repeat: Repeat
    calls: int = 1
    refusals_are_free: bool = False


class UnknownPrice(UserError):
    """Raised when a call has no price: what may cost anything is not made."""

    code = "unknown_price"

    def __init__(self, call: PaidCall) -> None:
        super().__init__(
            f"nobody has said what {call.api} {call.operation} costs: "
            f"set {call.operation} under [prices.{call.api}], in cents (0 if it is free)"
        )


@dataclass(frozen=True, slots=True)
class Prices:
    """The highest price of each operation, in cents, by API; those of ``free`` cost nothing unless listed."""

    by_api: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    free: Collection[str] = ()

    def highest(self, call: PaidCall) -> Decimal:
        """Cents that a call costs at most; raises ``UnknownPrice``."""
        try:
            return self.by_api[call.api][call.operation]
        except KeyError:
            if call.api in self.free:
                return Decimal(0)
            raise UnknownPrice(call) from None

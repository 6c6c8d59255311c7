"""What eBay's listings and sales have in common; what of them cannot be read is None, and spoils nothing.

Source: the types ItemSummary and ItemSales of Browse 1.19 and Marketplace Insights v1_beta, and real answers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, WrapValidator

from worker.clients.ebay_shapes import Amount, Id, Price, Shape

T = TypeVar("T")
LONGEST_TITLE = 1_000
"""Characters of a title that are kept; eBay allows 80."""
FIXED, AUCTION = "FIXED_PRICE", "AUCTION"


def _or_none(value: Any, read: Callable[[Any], Any]) -> Any:
    try:
        return read(value)
    except ValidationError:
        return None


def _cut(value: Any) -> Any:
    return value[:LONGEST_TITLE] if isinstance(value, str) else value


Perhaps: TypeAlias = Annotated[T | None, WrapValidator(_or_none)]
"""What is None where it cannot be read: the record keeps what it said, and goes on."""
Text: TypeAlias = Annotated[str, BeforeValidator(_cut)]


class Said(NamedTuple):
    """An amount in the currency in which it was said."""

    value: Decimal
    currency: str


class SaidPrice(Price):
    """A price; where eBay converted it, what it was converted from is there, too."""

    from_value: Perhaps[Amount] = Field(None, alias="convertedFromValue")
    from_currency: Perhaps[str] = Field(None, alias="convertedFromCurrency", pattern=r"^[A-Z]{3}$")

    @property
    def said(self) -> Said:
        """The seller's own amount."""
        if self.from_value is not None and self.from_value >= 0 and self.from_currency is not None:
            return Said(self.from_value, self.from_currency)
        return Said(self.value, self.currency)


class Seller(Shape):
    """Who sells: by the public name, with the public feedback."""

    username: Id
    feedback_score: Perhaps[int] = Field(None, alias="feedbackScore", ge=-(2**31), lt=2**31)
    feedback_percentage: Perhaps[Decimal] = Field(None, alias="feedbackPercentage", ge=0, le=100)


class ShippingOption(Shape):
    """One way to send it; without a cost where that is worked out for each buyer (CALCULATED)."""

    type: Perhaps[str] = Field(None, alias="shippingCostType")
    cost: Perhaps[SaidPrice] = Field(None, alias="shippingCost")


class Listed(Shape):
    """What a listing and a sale both have; ``id`` alone has to be there."""

    id: Id = Field(alias="itemId")
    legacy_id: Perhaps[Id] = Field(None, alias="legacyItemId")
    title: Perhaps[Text] = None
    condition: Perhaps[str] = None
    condition_id: Perhaps[str] = Field(None, alias="conditionId")
    options: Perhaps[tuple[str, ...]] = Field(None, alias="buyingOptions")
    seller: Perhaps[Seller] = None
    epid: Perhaps[Id] = None
    group_type: Perhaps[str] = Field(None, alias="itemGroupType")
    group_href: Perhaps[str] = Field(None, alias="itemGroupHref")

    @property
    def listing_type(self) -> str | None:
        """AUCTION where it is nothing else, FIXED_PRICE where it can be had at once."""
        options = self.options or ()
        return FIXED if FIXED in options else next(iter(options), None)

    @property
    def group(self) -> str | None:
        """The listing of many variations that it is one of: its number in ``v1|number|variation``."""
        number, variation = _parts(self.id)
        if self.group_type is not None or self.group_href is not None or variation not in ("", "0"):
            return number
        return None

    @property
    def product(self) -> str | None:
        """What a catalogue may know it by: its product's number, else its own old one."""
        return f"epid:{self.epid}" if self.epid else self.legacy_id


def _parts(item_id: str) -> tuple[str, str]:
    _, _, rest = item_id.partition("|")
    number, _, variation = rest.partition("|")
    return number or item_id, variation


def cheapest(options: Iterable[ShippingOption], currency: str) -> Decimal | None:
    """What sending it costs at least, as far as that is said in the currency of its price."""
    said = [one.cost.said for one in options if one.cost is not None]
    return min((one.value for one in said if one.currency == currency), default=None)


def kept(record: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """These fields of a record as they came; of a seller the public name alone."""
    found = {name: record[name] for name in names if name in record}
    title = found.get("title")
    if isinstance(title, str) and len(title) > LONGEST_TITLE:
        found["title"] = title[:LONGEST_TITLE]
    return found

"""How a sale comes about: who bought what, for how much, and what became of it until today."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from worker.sandbox.ebay.amounts import Conversion, rounded, to_cents
from worker.sandbox.ebay.members import Seller, opaque_id
from worker.sandbox.ebay.orders import Buyer, Cancel, Change, Line, Order, Refund, changed
from worker.sandbox.ebay.times import whole_milliseconds
from worker.sandbox.ebay.wares import Ware

ABROAD = {"GBP": Conversion("GBP", Decimal("1.27")), "EUR": Conversion("EUR", Decimal("1.09"))}
DELIVERIES = (None, "0", "0", "1.25", "4", "4.99", "19.8")
DISCOUNTS = ("0.9", "0.95", "0.8", "0.85")
BUYERS = 5_000
TEN_DIGITS = 10**10


def make_order(
    rng: Random, seller: Seller, wares: Sequence[Ware], *, number: int, created: datetime, now: datetime
) -> Order:
    """Make the world's ``number``th order, created at this moment, as it stands at ``now``."""
    converted = ABROAD.get(seller.currency) if rng.random() < 0.06 else None  # noqa: PLR2004
    currency = seller.currency if converted is None else "USD"
    order = _paid_order(rng, seller, number, whole_milliseconds(created), currency, converted, now, wares)
    return _as_it_went(rng, order, now)


def _paid_order(
    rng: Random,
    seller: Seller,
    number: int,
    created: datetime,
    currency: str,
    converted: Conversion | None,
    now: datetime,
    wares: Sequence[Ware],
) -> Order:
    unpaid = rng.random() < 0.03  # noqa: PLR2004
    paid = min(created + timedelta(seconds=rng.choice((2, 5, 40, 3_600, 90_000))), now)
    shipped = paid + timedelta(hours=rng.randint(3, 80))
    sent = not unpaid and shipped <= now
    buyer = rng.randrange(BUYERS)
    return Order(
        order_id=_order_id(rng, number),
        number=number,
        seller_id=seller.user_id,
        buyer=Buyer(buyer, opaque_id(rng) if rng.random() < 0.05 else f"b_{buyer}"),  # noqa: PLR2004
        created=created,
        modified=created if unpaid else shipped if sent else paid,
        paid=None if unpaid else paid,
        unpaid_because="FAILED" if rng.random() < 0.3 else "PENDING",  # noqa: PLR2004
        shipped="FULFILLED" if sent else rng.choice(("NOT_STARTED", "IN_PROGRESS")),
        currency=currency,
        converted=converted,
        lines=_lines(rng, wares, number, currency, converted),
        terse=rng.random() < 0.5,  # noqa: PLR2004
    )


def _order_id(rng: Random, number: int) -> str:
    # Multiplying by a number without a factor of ten's goes once through all of ten digits.
    digits = f"{number * 2_654_435_761 % TEN_DIGITS:010}"
    return f"{rng.randint(1, 27):02}-{digits[:5]}-{digits[5:]}"


def _lines(
    rng: Random, wares: Sequence[Ware], number: int, currency: str, converted: Conversion | None
) -> tuple[Line, ...]:
    count = min(rng.choices((1, 2, 3), cum_weights=(78, 93, 100))[0], len(wares))
    return tuple(
        _line(rng, ware, number * 4 + place, currency, converted)
        for place, ware in enumerate(rng.sample(wares, count))
    )


def _line(rng: Random, ware: Ware, number: int, currency: str, converted: Conversion | None) -> Line:
    quantity = rng.choices((1, 2, 3, 4, 12), cum_weights=(84, 92, 96, 99, 100))[0]
    offered = rng.random() < 0.12  # noqa: PLR2004
    rate = Decimal(1) if converted is None else converted.rate
    price = ware.price * (Decimal("0.87") if offered else 1) * rate
    cost = rounded(rounded(price, currency) * quantity, currency)
    promoted = rng.random() < 0.12  # noqa: PLR2004
    delivery = rng.choice(DELIVERIES)
    return Line(
        line_item_id=str(10_065_000_000 + number),
        ware=ware,
        quantity=quantity,
        cost=cost,
        discounted=rounded(cost * Decimal(rng.choice(DISCOUNTS)), currency) if promoted else None,
        delivery=None if delivery is None else rounded(Decimal(delivery), currency),
        from_best_offer=offered,
        advertised=rng.random() < 0.1,  # noqa: PLR2004
        on_hold=rng.random() < 0.01,  # noqa: PLR2004
    )


def _as_it_went(rng: Random, order: Order, now: datetime) -> Order:
    change = _change(rng, order)
    if change is None or (order.paid is None and isinstance(change, Refund)):
        return order
    later = order.modified + timedelta(seconds=rng.randint(60, 12 * 86_400))
    return changed(order, change, whole_milliseconds(min(later, now)))


def _change(rng: Random, order: Order) -> Change | None:
    chance = rng.random()
    line = rng.choice(order.lines).line_item_id
    if chance < 0.03:  # noqa: PLR2004
        return Cancel()
    if chance < 0.045:  # noqa: PLR2004
        return Refund()
    if chance < 0.055:  # noqa: PLR2004
        return Refund(part=_part(rng))
    if chance < 0.07:  # noqa: PLR2004
        return Refund(line, _part(rng))
    return Refund(line) if chance < 0.08 else None  # noqa: PLR2004


def _part(rng: Random) -> Decimal:
    return Decimal(to_cents(Decimal(rng.randint(10, 80)) / 100))

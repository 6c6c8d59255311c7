"""What eBay tells sellers of their buyers: made of a number, so that nobody is meant by it."""

from worker.sandbox.ebay.orders import Buyer

Json = dict[str, object]


def buyer_shape(buyer: Buyer) -> Json:
    """Return the Buyer of an order, with the private details that a sync must drop."""
    return {
        "username": buyer.name,
        "taxAddress": {"stateOrProvince": "ZZ", "postalCode": _postal_code(buyer), "countryCode": "US"},
        "buyerRegistrationAddress": _contact(buyer),
    }


def ship_to(buyer: Buyer) -> Json:
    """Return the ExtendedContact that a parcel goes to."""
    return _contact(buyer) | {"primaryPhone": {"phoneNumber": f"+1 555 0100 {buyer.number:04}"}}


def _contact(buyer: Buyer) -> Json:
    return {
        "fullName": f"Buyer {buyer.number}",
        "email": f"b_{buyer.number}@members.invalid",
        "contactAddress": {
            "addressLine1": f"{buyer.number} Nowhere Street",
            "city": "Sampletown",
            "stateOrProvince": "ZZ",
            "postalCode": _postal_code(buyer),
            "countryCode": "US",
        },
    }


def _postal_code(buyer: Buyer) -> str:
    return f"0{buyer.number:04}"

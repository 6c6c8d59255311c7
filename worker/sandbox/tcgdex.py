"""TCGdex v2 as it answers: whole lists of stubs, single records, RFC 7807 problems (its docs)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.cards import CardRecords
from worker.sandbox.tcgdex_shape import card_brief, card_detail, set_brief, set_detail, tcgdex_card_id
from worker.sandbox.tcgdex_shape import tcgdex_set_id as known_as

KINDS = {
    404: ("not-found", "The resource you are trying to reach does not exists"),  # Its words, its grammar.
    429: ("too-many-requests", "Too many requests"),
}


class TcgdexStand:
    """Answers for TCGdex from the same records, in its own shape."""

    def __init__(self, records: CardRecords) -> None:
        self._records = records

    def sets(self, _request: Request) -> Response:
        """GET /v2/en/sets: not paged."""
        return JSONResponse([set_brief(each) for each in self._records.sets])

    def cards(self, _request: Request) -> Response:
        """GET /v2/en/cards: not paged."""
        return JSONResponse(
            [
                card_brief(set_id, card)
                for set_id in self._set_ids()
                for card in self._records.cards_of(set_id)
            ]
        )

    def one_set(self, request: Request) -> Response:
        """GET /v2/en/sets/{id}."""
        for each in self._records.sets:
            if known_as(str(each["id"])) == request.path_params["id"]:
                return JSONResponse(set_detail(each, list(self._records.cards_of(str(each["id"])))))
        return problem(request, 404)

    def one_card(self, request: Request) -> Response:
        """GET /v2/en/cards/{id}."""
        for each in self._records.sets:
            set_id = str(each["id"])
            for card in self._records.cards_of(set_id):
                if tcgdex_card_id(set_id, card) == request.path_params["id"]:
                    return JSONResponse(card_detail(each, card))
        return problem(request, 404)

    def unknown(self, request: Request) -> Response:
        """Answer for any other address."""
        return problem(request, 404)

    def _set_ids(self) -> list[str]:
        return [str(each["id"]) for each in self._records.sets]


def problem(request: Request, status: int) -> Response:
    """Return TCGdex's problem document for a status."""
    kind, title = KINDS.get(status, ("general", "Something went wrong"))
    content = {
        "type": f"https://tcgdex.dev/errors/{kind}",
        "title": title,
        "status": status,
        "endpoint": request.url.path,
        "method": request.method,
    }
    return JSONResponse(content, status, media_type="application/problem+json")

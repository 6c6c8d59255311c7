"""The Pokémon TCG API v2 as it answers: lists, single records and refusals (its docs)."""

from collections.abc import Iterable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.cards import CardRecords
from worker.sandbox.query import BadQuery, parse, values_at
from worker.sandbox.quota import KeylessQuota

LARGEST_PAGE = 250
KEY_HEADER = "x-api-key"
MESSAGES = {
    400: "Bad Request. Your request is either malformed, or is missing one or more required fields.",
    404: "The requested resource could not be found.",
    429: "Too many requests. Your rate limit has been exceeded.",
}


class PokemonTcgStand:
    """Answers for the Pokémon TCG API from records; calls without a key draw on ``quota``."""

    def __init__(self, records: CardRecords, quota: KeylessQuota) -> None:
        self._records = records
        self._quota = quota

    def refuses(self, request: Request) -> Response | None:
        """Return the refusal of a call that is one too many, None for any other."""
        return None if keyed(request) or self._quota.take() else problem(request, 429)

    def sets(self, request: Request) -> Response:
        """GET /v2/sets."""
        return _listing(request, self._records.sets)

    def cards(self, request: Request) -> Response:
        """GET /v2/cards."""
        return _listing(request, self._records.cards())

    def one_set(self, request: Request) -> Response:
        """GET /v2/sets/{id}."""
        return _single(request, self._records.set_of(request.path_params["id"]))

    def one_card(self, request: Request) -> Response:
        """GET /v2/cards/{id}."""
        return _single(request, self._records.card(request.path_params["id"]))

    def unknown(self, request: Request) -> Response:
        """Answer for any other address."""
        return problem(request, 404)


def keyed(request: Request) -> bool:
    """Tell whether a request carries an API key."""
    return KEY_HEADER in request.headers


def problem(_request: Request, status: int) -> Response:
    """Return the API's error object for a status."""
    message = MESSAGES.get(status, "Something went wrong on our end.")
    return JSONResponse({"error": {"message": message, "code": status}}, status)


def _single(request: Request, record: Mapping[str, object] | None) -> Response:
    return problem(request, 404) if record is None else JSONResponse({"data": record})


def _listing(request: Request, records: Iterable[Mapping[str, object]]) -> Response:
    asked = request.query_params
    try:
        terms = parse(asked.get("q", ""))
        page = _whole(asked.get("page", "1"), most=None)
        size = _whole(asked.get("pageSize", str(LARGEST_PAGE)), most=LARGEST_PAGE)
    except ValueError:  # BadQuery among them
        return problem(request, 400)
    found = [record for record in records if all(term.holds(record) for term in terms)]
    ordered = _ordered(found, asked.get("orderBy", ""))
    data = [_selected(record, asked.get("select", "")) for record in ordered[(page - 1) * size : page * size]]
    return JSONResponse(
        {"data": data, "page": page, "pageSize": size, "count": len(data), "totalCount": len(found)}
    )


def _whole(text: str, *, most: int | None) -> int:
    number = int(text)
    if number < 1 or (most is not None and number > most):
        raise BadQuery(text)
    return number


def _ordered(records: list[Mapping[str, object]], order: str) -> list[Mapping[str, object]]:
    for field in reversed([each for each in order.split(",") if each]):
        path = field.removeprefix("-")
        records = sorted(records, key=lambda record: _key(record, path), reverse=field.startswith("-"))
    return records


def _key(record: Mapping[str, object], path: str) -> str:
    return str(next(values_at(record, path), ""))


def _selected(record: Mapping[str, object], fields: str) -> Mapping[str, object]:
    wanted = fields.split(",")
    return {name: value for name, value in record.items() if name in wanted} if fields else record

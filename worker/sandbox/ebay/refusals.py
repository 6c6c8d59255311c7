"""What eBay says in a fault: the body that goes with a status, in each API's own numbers."""

from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.problems import access_denied, bad_token, problem, too_many

SYSTEM_ERRORS = {
    "ebay_browse": (12000, "API_BROWSE"),
    "ebay_feed": (160001, "API_FEED"),
    "ebay_finances": (135000, "API_FINANCES"),
    "ebay_fulfillment": (30500, "API_FULFILLMENT"),
    "ebay_insights": (100000, "API_MARKETPLACE_INSIGHTS"),
    "ebay_inventory": (25001, "API_INVENTORY"),
    "ebay_message": (335000, "API_MESSAGE"),
}
"""Each API's own number for "something went wrong here" (their pages of error codes)."""
CALLS_EXCEEDED = 10001
"""A limit that says it is an internal error: it comes with 500."""
OAUTH = "ebay_oauth"
OAUTH_ERRORS = {
    400: ("invalid_grant", "the provided authorization grant is invalid or was issued to another client"),
    401: ("invalid_client", "client authentication failed"),
    429: ("temporarily_unavailable", "the request limit has been reached for the resource"),
}


def refusal(api: str, status: int, error_id: int | None = None) -> Response:
    """Return the error body of an API for a status; ``error_id`` is put in place of its usual number."""
    if api == OAUTH:
        return oauth_refusal(*OAUTH_ERRORS.get(status, ("server_error", "internal error")), status)
    if error_id == CALLS_EXCEEDED:
        message = "Service call has exceeded the number of times the operation is allowed to be called"
        return problem(status, error_id, "Security", message)
    if error_id is not None:
        return problem(status, error_id, SYSTEM_ERRORS.get(api, (0, "ACCESS"))[1], "Refused by the scenario")
    return _usual(api, status)


def _usual(api: str, status: int) -> Response:
    match status:
        case 401:
            return bad_token()
        case 403:
            return access_denied()
        case 404:
            return not_found()
        case 429:
            return too_many()
        case _ if status < 500:  # noqa: PLR2004
            return bad_request(status=status)
        case _:
            error_id, domain = SYSTEM_ERRORS.get(api, (2003, "ACCESS"))
            return problem(status, error_id, domain, "Internal error")


def oauth_refusal(error: str, description: str, status: int = 400) -> Response:
    """Return an error of the token endpoint's form (RFC 6749, 5.2)."""
    return JSONResponse({"error": error, "error_description": description}, status)


def not_found() -> Response:
    """Return what an unknown address is told."""
    return problem(404, 2002, "ACCESS", "Resource not found")


def bad_request(message: str = "Invalid request", *, status: int = 400) -> Response:
    """Return what a request is told that could not be understood."""
    return problem(status, 2004, "ACCESS", "Invalid request", long_message=message)


def missing_token() -> Response:
    """Return what a request without a token is told."""
    return problem(400, 1002, "OAuth", "Missing access token")


def wrong_token_type(kind: str) -> Response:
    """Return what a token of another kind than is wanted is told."""
    message = f"Token type in the Authorization header is invalid:{kind}"
    return problem(400, 1003, "OAuth", message)

"""eBay's error bodies (its page "Handling error messages"), and those that every API of it shares."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

CATEGORIES = {400: "REQUEST", 401: "REQUEST", 403: "REQUEST", 404: "REQUEST", 429: "REQUEST"}


def problem(
    status: int,
    error_id: int,
    domain: str,
    message: str,
    *,
    long_message: str | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer with one error of eBay's form."""
    error: dict[str, object] = {
        "errorId": error_id,
        "domain": domain,
        "category": CATEGORIES.get(status, "APPLICATION"),
        "message": message,
        "longMessage": long_message or message,
    }
    if parameters:
        error["parameters"] = [{"name": name, "value": value} for name, value in parameters.items()]
    return JSONResponse({"errors": [error]}, status)


def bad_token(status: int = 401) -> Response:
    """Return what an access token that is expired or unknown is told."""
    long_message = "Invalid access token. Check the value of the Authorization HTTP request header."
    return problem(status, 1001, "OAuth", "Invalid access token", long_message=long_message)


def access_denied() -> Response:
    """Return what a token without the scope is told."""
    long_message = "Insufficient permissions to fulfill the request."
    return problem(403, 1100, "ACCESS", "Access denied", long_message=long_message)


def too_many() -> Response:
    """Return what a call past the day's limit is told."""
    long_message = "The request limit has been reached for the resource."
    return problem(429, 2001, "ACCESS", "Too many requests.", long_message=long_message)

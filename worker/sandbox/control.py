"""How a rehearsal is steered over HTTP: the journal to read, the scenario to set."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker.sandbox.journal import Journal
from worker.sandbox.scenario import Scenario, Script

Model = TypeVar("Model", bound=BaseModel)


def control_routes(
    journal: Journal, scenario: Scenario, also: Callable[[Script], None] = lambda _: None
) -> list[Route]:
    """Make the addresses of journal and scenario; ``also`` is told of every new script."""

    async def read_journal(request: Request) -> Response:
        asked = request.query_params
        if not (since := asked.get("since", "0")).isdecimal():
            return refusal("since: the number of a call")
        operation, account = asked.get("operation"), asked.get("account")
        return JSONResponse(journal.as_json(since=int(since), operation=operation, account=account))

    async def forget_journal(_: Request) -> Response:
        journal.forget()
        return JSONResponse({"count": journal.count})

    def set_scenario(script: Script) -> Response:
        scenario.replace(script.faults)
        also(script)
        return JSONResponse({"faults": len(script.faults)})

    return [
        Route("/_sandbox/journal", read_journal, methods=["GET"]),
        Route("/_sandbox/journal", forget_journal, methods=["DELETE"]),
        told("/_sandbox/scenario", Script, set_scenario),
    ]


def told(path: str, form: type[Model], do: Callable[[Model], Response | Awaitable[Response]]) -> Route:
    """Make an address that takes JSON of one form; what does not fit is refused with 400 and why."""

    async def respond(request: Request) -> Response:
        try:
            body = form.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"errors": error.errors(include_url=False, include_input=False)}, 400)
        answer = do(body)
        return answer if isinstance(answer, Response) else await answer

    return Route(path, respond, methods=["POST"])


def refusal(why: str, status: int = 400) -> Response:
    """Return the answer to an order that cannot be obeyed."""
    return JSONResponse({"errors": [{"msg": why}]}, status)

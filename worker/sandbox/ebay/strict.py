"""How a stand says no: an exception that carries eBay's error body, turned into the answer in one place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from worker.sandbox.ebay.problems import problem

Plain = Callable[[Request, str | None], Response]


class Refused(Exception):
    """Raised when a request cannot be answered as asked."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Refusals:
    """The errors of one domain: what each id means, in our words."""

    domain: str
    meanings: Mapping[int, str]

    def refused(self, error_id: int, parameter: str, value: str, *, status: int = 400) -> Refused:
        """Return the exception for an error id and the parameter that it is about."""
        parameters = {parameter: value}
        answer = problem(status, error_id, self.domain, self.meanings[error_id], parameters=parameters)
        return Refused(answer)


def strict(answer: Plain) -> Plain:
    """Return the same answer, with a refusal as the answer where it is refused."""

    def answered(request: Request, user_id: str | None) -> Response:
        try:
            return answer(request, user_id)
        except Refused as refused:
            return refused.answer

    return answered

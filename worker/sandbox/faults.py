"""Play one fault over a real connection."""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import assert_never

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from worker.sandbox.drift import other_total, repeating
from worker.sandbox.scenario import Fault

CALLER_HUNG_UP = 499  # nginx's word for it; nobody is there to read it.
MEGABYTE = 1024 * 1024
GATEWAY_PAGE = "<!DOCTYPE html><html><head><title>{status}</title></head><body>Bad gateway</body></html>"


async def play(  # noqa: C901, PLR0911, PLR0912 - one arm for each kind
    fault: Fault,
    request: Request,
    *,
    answer: Callable[[Request], Awaitable[Response]],
    problem: Callable[[int], Response],
) -> Response:
    """Return the response that is the fault.

    ``answer`` gives what would have been said, ``problem`` the API's own error body for a status.
    """
    match fault.kind:
        case "status":
            return _with_advice(problem(fault.status), fault.retry_after)
        case "refuse_key":
            return problem(500)
        case "body":
            return Response(fault.text, fault.status, media_type=fault.content_type)
        case "html":
            return HTMLResponse(GATEWAY_PAGE.format(status=fault.status), fault.status)
        case "redirect":
            return RedirectResponse(fault.location, 302)
        case "truncated":
            return _half(await answer(request))
        case "cut" | "reset":
            return _Cut(await answer(request))
        case "hang":
            await _hung_up(request)
            return Response(status_code=CALLER_HUNG_UP)
        case "drip":
            return _dripping(await answer(request), request, fault.seconds)
        case "delay":
            await anyio.sleep(fault.seconds)
            return await answer(request)
        case "gzip_bomb":
            headers = {"Content-Encoding": "gzip"}
            return Response(_bomb(fault.megabytes), media_type="application/json", headers=headers)
        case "total":
            return await other_total(request, answer, fault.by)
        case "repeat":
            return await repeating(request, answer, fault.by)
        case "expire_tokens" | "revoke":
            return await answer(request)  # It has happened to the tokens already.
        case _:
            assert_never(fault.kind)


def _with_advice(response: Response, retry_after: str | None) -> Response:
    if retry_after is not None:
        response.headers["Retry-After"] = retry_after
    return response


def _half(response: Response) -> Response:
    body = bytes(response.body)
    return Response(body[: len(body) // 2], media_type=response.media_type)


class _Cut(Response):
    """Promises a whole body, sends half of it and ends: the server then breaks the connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, media_type=whole.media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's form
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _dripping(whole: Response, request: Request, seconds: float) -> Response:
    async def drops() -> AsyncIterator[bytes]:
        body = bytes(whole.body)
        for at in range(len(body)):
            if await request.is_disconnected():
                return
            yield body[at : at + 1]
            await anyio.sleep(seconds)

    return StreamingResponse(drops(), media_type=whole.media_type)


def _bomb(megabytes: int) -> bytes:
    pack = zlib.compressobj(level=9, wbits=zlib.MAX_WBITS | 16)
    blank = b" " * MEGABYTE
    return b"".join([*(pack.compress(blank) for _ in range(megabytes)), pack.flush()])

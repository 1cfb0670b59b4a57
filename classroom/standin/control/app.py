"""The control port as an ASGI application: JSON for programs, and a page that shows the calls as they come."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from classroom.standin.control import shown
from classroom.standin.control.guard import Guard
from classroom.standin.outgoing.pace import Pace
from classroom.standin.scripting.scripts import Script, ScriptError, script_of
from classroom.standin.state import StandIn

_PAGE = Path(__file__).with_name("page.html")
_MOST_READ = 32 * 1024 * 1024  # bytes of one request
_MOST_CALLS, _USUAL_CALLS = 1_000, 100  # in one answer
# the page runs its own script and reaches its own port; what calls hold is shown as text
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self'; media-src 'self'"


def application(standin: StandIn, base_url: str) -> ASGIApp:
    """The control port of a stand-in that apps reach at `base_url`."""
    return Guard(_Control(standin, base_url).routed())


class _Control:
    def __init__(self, standin: StandIn, base_url: str) -> None:
        self._standin, self._base_url = standin, base_url

    def routed(self) -> Starlette:
        """Every route."""
        standin = self._standin
        lists: dict[str, tuple[str, Callable[[], list[Any]], Callable[[], None]]] = {
            "replies": (
                "reply",
                lambda: [shown.reply(reply, met) for reply, met in standin.replies.all()],
                standin.replies.clear,
            ),
            "faults": (
                "fault",
                lambda: [shown.fault(fault) for fault in standin.faults.all()],
                standin.faults.clear,
            ),
            "limits": (
                "limit",
                lambda: [shown.limit(limit) for limit in standin.limits.all()],
                standin.limits.clear,
            ),
        }
        routes = [
            Route("/", self._page),
            Route("/health", self._health),
            Route("/calls", self._calls, methods=["GET", "DELETE"]),
            Route("/calls/{id}/outputs/{number:int}", self._output),
            Route("/verdicts", self._verdicts),
            Route("/script", self._script, methods=["POST"]),
            Route("/settings", self._settings, methods=["GET", "PUT"]),
            Route("/reset", self._reset, methods=["POST"]),
            *(
                Route(f"/{name}", _listing(self, *facts), methods=["GET", "POST", "DELETE"])
                for name, facts in lists.items()
            ),
        ]
        failed = {HTTPException: _failed, ScriptError: _failed}
        return Starlette(routes=routes, exception_handlers=failed)

    async def _page(self, request: Request) -> Response:
        headers = {"content-security-policy": _POLICY, "cache-control": "no-store"}
        return Response(_PAGE.read_bytes(), media_type="text/html; charset=utf-8", headers=headers)

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "base_url": self._base_url})

    async def _calls(self, request: Request) -> Response:
        journal = self._standin.journal
        if request.method == "DELETE":
            journal.clear()
            return Response(status_code=204)
        return await run_in_threadpool(
            self._list, request.query_params.get("after", ""), request.query_params
        )

    def _list(self, after: str, query: Any) -> Response:
        journal = self._standin.journal
        limit = _number(query.get("limit"), _USUAL_CALLS, _MOST_CALLS)
        first = _number(after.removeprefix("call-"), 0, 10**15)
        dropped = journal.dropped
        found = [call for call in journal if int(call.id.removeprefix("call-")) > first]
        route = query.get("route")
        found = [call for call in found if route in (None, call.route)]
        return JSONResponse(
            {
                "calls": [shown.call(call) for call in found[:limit]],
                "more": len(found) > limit,
                "made": journal.made,
                "dropped": dropped,
            }
        )

    async def _output(self, request: Request) -> Response:
        number: int = request.path_params["number"]
        for call in self._standin.journal:
            if call.id == request.path_params["id"] and number < len(call.outputs):
                output = call.outputs[number]
                headers = {"x-content-type-options": "nosniff", "content-security-policy": "sandbox"}
                return Response(output.content, media_type=output.media_type, headers=headers)
        raise HTTPException(404, "There is no such output, or its call was dropped.")

    async def _verdicts(self, request: Request) -> Response:
        return JSONResponse({"verdicts": [asdict(verdict) for verdict in self._standin.journal.verdicts()]})

    async def _script(self, request: Request) -> Response:
        self.put(_scripted(await _json(request)))
        return Response(status_code=204)

    async def _settings(self, request: Request) -> Response:
        standin = self._standin
        if request.method == "PUT":
            wanted = await _json(request)
            unknown = sorted(set(wanted) - {"pace", "strict_replies"}) if isinstance(wanted, dict) else ["?"]
            strict = wanted.get("strict_replies", standin.strict_replies) if not unknown else None
            if unknown or not isinstance(strict, bool):
                raise HTTPException(
                    400, "Send an object with 'pace', 'strict_replies' (true or false), or both."
                )
            if "pace" in wanted:
                standin.tempo.change(_scripted({"pace": wanted["pace"]}).pace or Pace())
            standin.strict_replies = strict
        return JSONResponse({"pace": asdict(standin.tempo.pace), "strict_replies": standin.strict_replies})

    async def _reset(self, request: Request) -> Response:
        self._standin.reset()
        return Response(status_code=204)

    def put(self, script: Script) -> None:
        """Apply every setting of the request."""
        self._standin.put(script)


def _listing(
    control: _Control, entry: str, listed: Callable[[], list[Any]], clear: Callable[[], None]
) -> Callable[[Request], Any]:
    """The route of a list that grows and is cleared: an object or a list of objects is added to it."""

    async def serve(request: Request) -> Response:
        if request.method == "DELETE":
            clear()
            return Response(status_code=204)
        if request.method == "POST":
            sent = await _json(request)
            control.put(_scripted({entry: sent if isinstance(sent, list) else [sent]}))
        return JSONResponse({"data": listed()}, 201 if request.method == "POST" else 200)

    return serve


def _scripted(table: Any) -> Script:
    return script_of(table, "the request", _picture)


def _picture(image: str) -> bytes:
    """A picture in Base64: over HTTP nobody names a file of this computer."""
    try:
        return base64.b64decode(image.partition("base64,")[2] or image, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("'image' must be a picture in Base64") from error


async def _json(request: Request) -> Any:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > _MOST_READ:
            raise HTTPException(413, f"The request is larger than {_MOST_READ} bytes.")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The request is no JSON.") from None


def _number(given: str | None, usual: int, most: int) -> int:
    if not given:
        return usual
    if not (given.isascii() and given.isdigit()) or len(given) > 18:
        raise HTTPException(400, f"'{given:.40}' is no whole number.")
    return min(int(given), most)


async def _failed(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    message = error.detail if isinstance(error, HTTPException) else str(error)
    return JSONResponse({"error": message}, status)

"""The stand-in as an ASGI application: HTTP in, OpenAI's bodies and errors out.

Nothing that steers it is reachable over HTTP: only the owner of the `StandIn` object reaches faults, limits and the journal.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from classroom.extras import MissingExtra
from classroom.standin.incoming import checks, errors, model_checks, reading, shapes
from classroom.standin.incoming.errors import APIError
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing import corrupt
from classroom.standin.outgoing.answers import Answer
from classroom.standin.outgoing.sending import Hanging
from classroom.standin.realtime import connection
from classroom.standin.recording import Recorded
from classroom.standin.records.journal import fingerprint
from classroom.standin.routing import Found, find
from classroom.standin.scripting.limits import Caller
from classroom.standin.state import StandIn

_PICTURES = "/pictures/"
PICTURES = "pictures"  # what a fault names as its route to be met where a picture's address is asked
_ONCE_WITHOUT_A_MODEL = ("images/generations", "images/edits")  # while dall-e-2 was what they used
_CHARACTERS_PER_TOKEN = 4  # the API's own rule of thumb for what it counts before the call
_USUAL_ANSWER = 16
_SLOW_AT_ONCE = 2


class Application:
    """The ASGI application of one stand-in."""

    def __init__(self, standin: StandIn) -> None:
        self._standin = standin
        self._limiters: WeakKeyDictionary[asyncio.AbstractEventLoop, CapacityLimiter] = WeakKeyDictionary()

    def _at_once(self) -> CapacityLimiter:
        """How many pictures and sounds are made at once: each takes memory while it is made."""
        loop = asyncio.get_running_loop()
        if loop not in self._limiters:
            self._limiters[loop] = CapacityLimiter(1 if self._standin.allowance else _SLOW_AT_ONCE)
        return self._limiters[loop]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, or serve one WebSocket; everything else that a server may ask is ignored."""
        if scope["type"] == "websocket":
            asked = connection.Connection(self._standin, scope, receive, send)
            if scope["path"].rstrip("/") in connection.PATHS:
                await asked.serve()
            else:
                await asked.refuse(errors.unknown_url("GET", scope["path"]))
            return
        if scope["type"] != "http":
            return
        with self._standin.handling.timed():
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return  # nobody is there to read it
        except Exception as error:
            # of the stand-in itself: in OpenAI's shape, and saying whose it is
            response = _refused(
                APIError(
                    500,
                    f"The stand-in failed: {type(error).__name__}.",
                    "server_error",
                    code="stand_in_failed",
                )
            )
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        scope = request.scope
        method, path = scope["method"], scope["path"]
        if path.startswith(_PICTURES) and method == "GET":
            return self._picture(path.removeprefix(_PICTURES))
        headers = reading.headers_of(scope)
        if self._standin.allowance and not self._standin.allowance.take(headers):
            return _refused(errors.too_much_for_a_stand_in())
        found = find(method, path)
        route = found.operation.route if found else path.removeprefix("/v1/")
        call = Recorded(self._standin, method, path, headers, route)
        if found is None:
            return call.refused(errors.unknown_url(method, path))
        try:
            return await self._answered(request, headers, found, call)
        except APIError as error:
            return call.refused(error)
        except MissingExtra as missing:
            return call.refused(errors.not_installed(missing))

    def _picture(self, name: str) -> Response:
        """Where the retired models' picture URLs point: no key needed, as with the real ones."""
        standin = self._standin
        standin.pictures_asked += 1
        kept = standin.published.get(name)
        # only a fault that is meant for it: the call that drew it meets the others
        fault = standin.faults.take(PICTURES, lambda each: each.route == PICTURES)
        if kept is None or (fault is not None and fault.effect == "error"):
            status = fault.status if fault else 404
            return Response("The picture does not exist.", status, media_type="text/plain")
        if fault is not None and fault.effect in corrupt.EFFECTS:
            spoiled = corrupt.corrupt_answer(Answer(content=kept[0], media_type=kept[1]), fault.effect)
            return Response(spoiled.content or b"", media_type=spoiled.media_type)
        return Response(kept[0], media_type=kept[1])

    async def _answered(
        self, request: Request, headers: Mapping[str, str], found: Found, call: Recorded
    ) -> Response:
        operation, standin = found.operation, self._standin
        key = reading.key_of(headers)
        caller = Caller(fingerprint(key), headers.get("openai-organization"))
        call.note(key=caller.key)
        self._check_served(request, found)
        body = await self._read(request, found)
        call.note(body=reading.redact(body, key) if operation.reads != "nothing" else None)
        fault = standin.faults.take(operation.route)
        if fault is not None:
            call.note(fault=fault.name)
            if fault.effect == "error":
                raise fault.error()
            if fault.effect == "hang":
                call.note(status=0)
                call.done(())
                return Hanging(fault.seconds)
        call.headers.update(standin.limits.admit(caller, operation.route, _size(body)))
        query = dict(request.query_params) if request.scope["query_string"] else {}
        base_url = f"{request.scope['scheme']}://{headers.get('host', '')}"
        asked = Asked(self._checked(operation, body), found.path, query, base_url)
        if operation.is_slow(asked.body):
            async with self._at_once():
                if standin.allowance and not standin.allowance.spend(0):
                    raise errors.too_much_for_a_stand_in()  # used up by those that were made meanwhile
                answer = await to_thread.run_sync(operation.compute, standin, asked)
        else:
            answer = operation.compute(standin, asked)
        return await call.answered(answer, fault)

    def _check_served(self, request: Request, found: Found) -> None:
        retired = found.operation.retired
        if found.dated and not request.query_params.get("api-version"):
            raise errors.missing_api_version()
        if retired and not (self._standin.legacy or self._standin.lenient):
            raise errors.retired_endpoint(found.operation.path, retired.since, retired.replacement)

    async def _read(self, request: Request, found: Found) -> dict[str, Any]:
        """The body, with the model that the path names, if it names one."""
        operation, standin = found.operation, self._standin
        if operation.reads == "nothing":
            return {}
        is_form = request.headers.get("content-type", "").casefold().startswith("multipart/")
        if operation.reads == "form" or (operation.reads == "either" and is_form):
            rules = standin.catalogue.routes[operation.rules or ""]
            body = await reading.read_form(request, rules, standin.allowance)
        else:
            if not standin.lenient:
                reading.check_is_json(request)
            body = await reading.read_json(request, standin.allowance)
        if "model" in found.path:
            return {**body, "model": found.path["model"]}
        if found.deployment is None:
            named = body.get("model")
            if standin.any_deployment and request.url.path.startswith("/openai/") and isinstance(named, str):
                return {**body, "model": standin.deployed(named, operation.path)}
            return body
        model = standin.deployed(found.deployment, operation.path)
        if model not in standin.catalogue.models and not standin.lenient:
            raise errors.unknown_deployment(found.deployment)
        return {**body, "model": model}

    def _checked(self, operation: Operation, body: dict[str, Any]) -> dict[str, Any]:
        if operation.rules is None:
            return body
        rules = self._standin.catalogue.routes[operation.rules]
        if self._standin.lenient:
            return checks.check_shapes(rules, body)
        if self._standin.legacy and operation.path in _ONCE_WITHOUT_A_MODEL:
            body = {"model": "dall-e-2", **body}
        model_checks.check_lifetime(self._standin.catalogue, body.get("model"), legacy=self._standin.legacy)
        checks.check_parameters(rules, body, legacy=self._standin.legacy)
        shapes.check_shapes_inside(operation.rules, body)
        return body


def _refused(error: APIError) -> Response:
    """An error that is nobody's call, and is not recorded."""
    return JSONResponse(error.body(), error.status)


def _size(body: Mapping[str, Any]) -> int:
    """What a call counts against a limit on tokens: its own characters and the longest answer asked for."""
    words = body.get("messages") or body.get("input") or body.get("prompt") or ""
    asked = body.get("max_completion_tokens") or body.get("max_tokens") or body.get("max_output_tokens")
    answer = asked if isinstance(asked, int) else _USUAL_ANSWER
    return len(str(words)) // _CHARACTERS_PER_TOKEN + answer

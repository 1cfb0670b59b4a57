"""The stand-in as an ASGI application: HTTP in, OpenAI's bodies and errors out.

Nothing that steers it is reachable over HTTP: faults, limits and the journal belong to whoever holds the `StandIn`.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from classroom.extras import MissingExtra
from classroom.standin import checks, corrupt, errors, reading
from classroom.standin.answers import Answer
from classroom.standin.errors import APIError
from classroom.standin.faults import Fault
from classroom.standin.journal import fingerprint
from classroom.standin.limits import Caller
from classroom.standin.operations import Asked, Operation
from classroom.standin.pace import AT_ONCE, wait_for_whole
from classroom.standin.realtime import connection
from classroom.standin.routes import (
    batches,
    chat,
    completions,
    conversations,
    embeddings,
    files,
    images,
    models,
    moderations,
    responses,
    speech,
    transcription,
    uploads,
    vector_stores,
)
from classroom.standin.sending import Broken, Hanging, response_of
from classroom.standin.state import StandIn

OPERATIONS: tuple[Operation, ...] = (
    *models.OPERATIONS,
    *responses.OPERATIONS,
    *chat.OPERATIONS,
    *embeddings.OPERATIONS,
    *moderations.OPERATIONS,
    *images.OPERATIONS,
    *speech.OPERATIONS,
    *transcription.OPERATIONS,
    *files.OPERATIONS,
    *uploads.OPERATIONS,
    *conversations.OPERATIONS,
    *batches.OPERATIONS,
    *vector_stores.OPERATIONS,
    *completions.OPERATIONS,
)

# https://learn.microsoft.com/azure/ai-foundry/openai/reference: the API by deployment, and the API as OpenAI's own
_AZURE_DEPLOYMENT = re.compile(r"/openai/deployments/(?P<deployment>[^/]+)/(?P<rest>.+)")
_BASES = ("/v1/", "/openai/v1/")
_AZURE = "/openai/"
_PICTURES = "/pictures/"
PICTURES = "pictures"  # what a fault names as its route to be met where a picture's address is asked
_ONCE_WITHOUT_A_MODEL = ("images/generations", "images/edits")  # while dall-e-2 was what they used
_CHARACTERS_PER_TOKEN = 4  # the API's own rule of thumb for what it counts before the call
_USUAL_ANSWER = 16
_SLOW_AT_ONCE = 2
_KEPT_OF_A_CALL = 2_000  # bytes, beside its body and what was made


@dataclass(frozen=True)
class _Found:
    """Which operation a request is for, what stood in its path's places, and Azure's deployment, if any.

    `dated`: whether the address is one of Azure's that need the version of the API.
    """

    operation: Operation
    path: Mapping[str, str]
    deployment: str | None = None
    dated: bool = False


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Operation], ...]:
    """Paths with places as regular expressions; a model's name may hold slashes, other names don't."""
    out = []
    for operation in OPERATIONS:
        if "{" in operation.path:
            inside = ".+" if operation.path == "models/{id}" else "[^/]+"
            pattern = re.sub(r"\{(\w+)\}", rf"(?P<\1>{inside})", operation.path)
            out.append((re.compile(pattern), operation))
    return tuple(out)


@cache
def _plain() -> Mapping[tuple[str, str], Operation]:
    return {(each.method, each.path): each for each in OPERATIONS if "{" not in each.path}


def _find(method: str, path: str) -> _Found | None:
    deployment, dated = None, False
    inside = next((path[len(base) :] for base in _BASES if path.startswith(base)), None)
    if inside is None and (azure := _AZURE_DEPLOYMENT.fullmatch(path)):
        deployment, inside = unquote(azure["deployment"]), azure["rest"]
    if inside is None and path.startswith(_AZURE):  # what no deployment answers: models, responses, files …
        inside, dated = path.removeprefix(_AZURE), True
    if inside is None:
        return None
    inside = inside.rstrip("/")
    operation = _plain().get((method, inside))
    if operation is not None:
        return _Found(operation, {}, deployment, dated or deployment is not None)
    for pattern, each in _patterns():
        if each.method == method and (match := pattern.fullmatch(inside)):
            return _Found(each, match.groupdict(), deployment, dated or deployment is not None)
    return None


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
        if scope["type"] == "websocket" and scope["path"].rstrip("/") in connection.PATHS:
            await connection.Connection(self._standin, scope, receive, send).serve()
            return
        if scope["type"] != "http":
            return
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
        found = _find(method, path)
        route = found.operation.route if found else path.removeprefix("/v1/")
        call = _Recorded(self._standin, method, path, headers, route)
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
            spoiled = corrupt.spoiled(Answer(content=kept[0], media_type=kept[1]), fault.effect)
            return Response(spoiled.content or b"", media_type=spoiled.media_type)
        return Response(kept[0], media_type=kept[1])

    async def _answered(
        self, request: Request, headers: Mapping[str, str], found: _Found, call: "_Recorded"
    ) -> Response:
        operation, standin = found.operation, self._standin
        key = reading.key_of(headers)
        caller = Caller(fingerprint(key), headers.get("openai-organization"))
        call.note(key=caller.key)
        self._check_served(request, found)
        body = await self._read(request, found)
        call.note(body=reading.redacted(body, key) if operation.reads != "nothing" else None)
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

    def _check_served(self, request: Request, found: _Found) -> None:
        retired = found.operation.retired
        if found.dated and not request.query_params.get("api-version"):
            raise errors.missing_api_version()
        if retired and not (self._standin.legacy or self._standin.lenient):
            raise errors.retired_endpoint(found.operation.path, retired.since, retired.replacement)

    async def _read(self, request: Request, found: _Found) -> dict[str, Any]:
        """The body, with the model that the path names, if it names one."""
        operation, standin = found.operation, self._standin
        if operation.reads == "nothing":
            return {}
        if operation.reads == "form":
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
        checks.check_lifetime(self._standin.catalogue, body.get("model"), legacy=self._standin.legacy)
        checks.check_parameters(rules, body, legacy=self._standin.legacy)
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


class _Recorded:
    """One call on its way into the journal: what is known so far, and the headers of its answer."""

    def __init__(
        self, standin: StandIn, method: str, path: str, headers: Mapping[str, str], route: str
    ) -> None:
        retry = headers.get("x-stainless-retry-count", "0")
        self._standin = standin
        self._facts: dict[str, Any] = {
            "method": method,
            "path": path,
            "route": route,
            "key": None,
            "organization": headers.get("openai-organization"),
            "project": headers.get("openai-project"),
            "body": None,
            "status": 200,
            "error_code": None,
            "retry_count": int(retry) if retry.isascii() and retry.isdigit() else 0,
            "fault": None,
            "at": time.monotonic(),
        }
        self.headers: dict[str, str] = {
            "x-request-id": f"req_{standin.journal.made + 1:032x}",
            "openai-version": "2020-10-01",
        }

    def note(self, **facts: Any) -> None:
        """Something more is known."""
        self._facts.update(facts)

    def done(self, outputs: Any, **facts: Any) -> None:
        """Into the journal."""
        if self._standin.allowance:
            self._standin.allowance.spend(_KEPT_OF_A_CALL + sum(len(output.content) for output in outputs))
        self._standin.journal.record(**{**self._facts, "outputs": outputs, **facts})

    def refused(self, error: APIError) -> Response:
        """The response to a call that was refused."""
        response = JSONResponse(error.body(), error.status, headers={**self.headers, **error.headers})
        self.note(status=error.status, error_code=error.code, retry_after=_seconds(error.headers))
        self.done((), answer_sha256=hashlib.sha256(response.body).hexdigest())
        return response

    async def answered(self, answer: Answer, fault: Fault | None) -> Response:
        """The response that carries an answer, as far as a fault lets it through."""
        spoiled = fault is not None and fault.effect in corrupt.EFFECTS
        sent = corrupt.spoiled(answer, fault.effect) if fault is not None and spoiled else answer
        pace = self._standin.tempo.pace
        response = response_of(sent, self.headers, pace)
        whole = fault is None or fault.effect == "slow"
        self.done(
            answer.outputs if whole else (),
            usage=answer.usage if whole else None,
            answer_sha256=_digest(sent, response),
        )
        if fault is not None and fault.effect == "slow":
            await asyncio.sleep(fault.seconds)
        if pace is not AT_ONCE:
            await wait_for_whole(sent, pace)
        if fault is not None and fault.effect in ("drop", "truncate"):
            return Broken(response, keep=0.5 if fault.effect == "truncate" else 0.0)
        return response


def _seconds(headers: Mapping[str, str]) -> float | None:
    """How long an answer asks to wait; the finer of the two headers counts."""
    if "retry-after-ms" in headers:
        return int(headers["retry-after-ms"]) / 1000
    return float(headers["retry-after"]) if "retry-after" in headers else None


def _digest(answer: Answer, response: Response) -> str:
    sent = response.body if answer.events is None else "".join(answer.events).encode()
    return hashlib.sha256(sent).hexdigest()

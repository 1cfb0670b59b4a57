"""The stand-in as an ASGI application: HTTP in, OpenAI's bodies and errors out.

Nothing that steers it is reachable over HTTP: faults and the journal belong to whoever holds the `StandIn`.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from classroom.standin import checks, errors, spoil
from classroom.standin.answers import Answer
from classroom.standin.catalogue import Catalogue, Kind, load
from classroom.standin.errors import APIError
from classroom.standin.faults import Fault, FaultScript
from classroom.standin.journal import Journal, fingerprint
from classroom.standin.routes import chat, images, models, responses, speech

MAX_BODY = 25 * 1024 * 1024  # bytes; the API's own limit for one upload is of this order


@dataclass
class StandIn:
    """One stand-in: its catalogue and profile, what it recorded, what will go wrong.

    `lenient` checks only that required parameters are there and takes any model; `legacy` serves what was retired.
    """

    lenient: bool = False
    legacy: bool = False
    catalogue: Catalogue = field(default_factory=load)
    journal: Journal = field(default_factory=Journal)
    faults: FaultScript = field(default_factory=FaultScript)
    published: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                *(
                    Route(f"/v1/{route}", _post(self, route, kind, compute), methods=["POST"])
                    for route, kind, compute in _POST_ROUTES
                ),
                Route("/v1/models", _get(self, "models"), methods=["GET"]),
                Route("/v1/models/{id:path}", _get(self, "models/{id}"), methods=["GET"]),
                Route("/pictures/{name}", _picture(self), methods=["GET"]),
                Route("/{path:path}", _nothing(self), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            ],
            exception_handlers={Exception: _own_fault},
        )


Compute = Callable[[StandIn, Mapping[str, Any], str], Answer]


def _chat(standin: StandIn, body: Mapping[str, Any], base_url: str) -> Answer:
    return chat.answer(body, _model(standin, body, "chat"))


def _responses(standin: StandIn, body: Mapping[str, Any], base_url: str) -> Answer:
    return responses.answer(body, _model(standin, body, "chat"))


def _images(standin: StandIn, body: Mapping[str, Any], base_url: str) -> Answer:
    def publish(content: bytes, media_type: str) -> str:
        name = f"{hashlib.sha256(content).hexdigest()[:32]}.{media_type.partition('/')[2]}"
        standin.published[name] = (content, media_type)
        return f"{base_url}/pictures/{name}"

    return images.answer(body, _model(standin, body, "image"), standin.catalogue, publish)


def _speech(standin: StandIn, body: Mapping[str, Any], base_url: str) -> Answer:
    return speech.answer(body, _model(standin, body, "speech"))


_POST_ROUTES: tuple[tuple[str, Kind, Compute], ...] = (
    ("chat/completions", "chat", _chat),
    ("responses", "chat", _responses),
    ("images/generations", "image", _images),
    ("audio/speech", "speech", _speech),
)
_STAND_FOR: Mapping[Kind, str] = {"chat": "gpt-5.4-mini", "image": "gpt-image-2", "speech": "gpt-4o-mini-tts"}


def _model(standin: StandIn, body: Mapping[str, Any], kind: Kind) -> Any:
    name = str(body["model"])
    if standin.lenient and name not in standin.catalogue.models:
        name = _STAND_FOR[kind]
    return checks.find_model(standin.catalogue, name, kind, legacy=standin.legacy or standin.lenient)


def _key_of(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = token.strip() if scheme.lower() == "bearer" else ""
    key = key or request.headers.get("api-key", "").strip()
    if not key:
        raise errors.missing_key()
    return key


async def _read_json(request: Request) -> Mapping[str, Any]:
    content = bytearray()
    async for chunk in request.stream():
        content.extend(chunk)
        if len(content) > MAX_BODY:
            raise APIError(413, f"The request is larger than {MAX_BODY} bytes.", code="request_too_large")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise errors.invalid(
            "The body of the request is not valid JSON. Send a JSON object and the header Content-Type: application/json.",
            None,
            None,
        ) from None
    if not isinstance(body, dict):
        raise errors.invalid(
            f"Invalid type for body: expected an object, but got {checks.json_type(body)}.",
            None,
            "invalid_type",
        )
    return body


def _check(standin: StandIn, route: str, body: Mapping[str, Any]) -> None:
    rules = standin.catalogue.routes[route]
    if standin.lenient:
        checks.check_required(rules, body)
    else:
        checks.check_parameters(rules, body, legacy=standin.legacy)


def _facts(request: Request, route: str) -> dict[str, Any]:
    """What a record holds whatever happens later."""
    retry = request.headers.get("x-stainless-retry-count", "0")
    return {
        "method": request.method,
        "path": request.url.path,
        "route": route,
        "key": None,
        "organization": request.headers.get("openai-organization"),
        "project": request.headers.get("openai-project"),
        "body": None,
        "status": 200,
        "error_code": None,
        "outputs": (),
        "retry_count": int(retry) if retry.isascii() and retry.isdigit() else 0,
        "fault": None,
    }


def _headers(standin: StandIn) -> dict[str, str]:
    return {"x-request-id": f"req_{len(standin.journal) + 1:032x}", "openai-version": "2020-10-01"}


def _refusal(standin: StandIn, error: APIError) -> Response:
    return JSONResponse(error.body(), error.status, headers={**_headers(standin), **error.headers})


def _post(standin: StandIn, route: str, kind: Kind, compute: Compute) -> Callable[..., Any]:
    async def endpoint(request: Request) -> Response:
        facts = _facts(request, route)
        base_url = f"{request.url.scheme}://{request.url.netloc}"
        try:
            facts["key"] = fingerprint(_key_of(request))
            body = facts["body"] = await _read_json(request)
            fault = standin.faults.take(route)
            if fault is not None:
                facts["fault"] = fault.name
                if fault.effect == "error":
                    raise fault.error()
            if fault is not None and fault.effect == "hang":
                standin.journal.record(**{**facts, "status": 0})
                return _Hanging(fault)
            _check(standin, route, body)
            answer = (
                compute(standin, body, base_url)
                if kind == "chat"
                else await to_thread.run_sync(compute, standin, body, base_url)
            )
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except APIError as error:
            facts.update(status=error.status, error_code=error.code)
            standin.journal.record(**facts)
            return _refusal(standin, error)
        if fault is not None:
            return await _spoiled(standin, facts, fault, answer)
        standin.journal.record(**{**facts, "outputs": answer.outputs})
        return _sent(standin, answer)

    return endpoint


async def _spoiled(standin: StandIn, facts: dict[str, Any], fault: Fault, answer: Answer) -> Response:
    """The answer, as the fault lets it through."""
    if fault.effect == "slow":
        standin.journal.record(**{**facts, "outputs": answer.outputs})
        await asyncio.sleep(fault.seconds)
        return _sent(standin, answer)
    standin.journal.record(**facts)
    if fault.effect == "drop":
        return _Broken(_sent(standin, answer), keep=0.0)
    if fault.effect == "truncate":
        return _Broken(_sent(standin, answer), keep=0.5)
    return _sent(standin, spoil.spoiled(answer, fault.effect))


def _sent(standin: StandIn, answer: Answer) -> Response:
    headers = _headers(standin)
    if answer.events is not None:
        return StreamingResponse(_stream(answer.events), media_type=answer.media_type, headers=headers)
    if answer.content is not None:
        return Response(answer.content, media_type=answer.media_type, headers=headers)
    return JSONResponse(answer.data, headers=headers)


async def _stream(events: tuple[str, ...]) -> AsyncIterator[str]:
    for event in events:
        yield event
        await asyncio.sleep(0)  # one write an event, as the API does


class _Hanging(Response):
    """Never answers: waits until the caller has gone, or the fault's seconds are over, then hangs up."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self._seconds = fault.seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            await _hang_up(send)


class _Broken(Response):
    """Sends the head and a part of the body, then closes the connection."""

    def __init__(self, whole: Response, keep: float) -> None:
        super().__init__()
        self._whole, self._keep = whole, keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(self._whole, StreamingResponse):
            body = b"".join(
                [
                    chunk.encode() if isinstance(chunk, str) else bytes(chunk)
                    async for chunk in self._whole.body_iterator
                ]
            )
            raw_headers = self._whole.raw_headers
        else:
            body, raw_headers = bytes(self._whole.body), self._whole.raw_headers
        headers = [(name, value) for name, value in raw_headers if name != b"content-length"]
        headers.append((b"content-length", str(len(body) + 1).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        kept = body[: int(len(body) * self._keep)]
        await send({"type": "http.response.body", "body": kept, "more_body": True})
        # returning with more_body unanswered makes the server close the connection


async def _hang_up(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


def _get(standin: StandIn, route: str) -> Callable[..., Any]:
    async def endpoint(request: Request) -> Response:
        facts = _facts(request, route)
        try:
            facts["key"] = fingerprint(_key_of(request))
            fault = standin.faults.take(route)
            if fault is not None and fault.effect == "error":
                facts["fault"] = fault.name
                raise fault.error()
            if route == "models":
                answer = models.listing(standin.catalogue, legacy=standin.legacy)
            else:
                answer = models.detail(standin.catalogue, request.path_params["id"], legacy=standin.legacy)
        except APIError as error:
            standin.journal.record(**{**facts, "status": error.status, "error_code": error.code})
            return _refusal(standin, error)
        standin.journal.record(**facts)
        return _sent(standin, answer)

    return endpoint


async def _own_fault(request: Request, error: Exception) -> Response:
    """An error of the stand-in itself: in OpenAI's shape, and saying whose it is."""
    fault = APIError(
        500, f"The stand-in failed: {type(error).__name__}.", "server_error", code="stand_in_failed"
    )
    return JSONResponse(fault.body(), fault.status)


def _picture(standin: StandIn) -> Callable[..., Any]:
    """Where the retired models' picture URLs point: no key needed, as with the real ones."""

    async def endpoint(request: Request) -> Response:
        found = standin.published.get(request.path_params["name"])
        if found is None:
            return Response("The picture does not exist.", 404, media_type="text/plain")
        return Response(found[0], media_type=found[1])

    return endpoint


def _nothing(standin: StandIn) -> Callable[..., Any]:
    async def endpoint(request: Request) -> Response:
        error = errors.unknown_url(request.method, request.url.path)
        standin.journal.record(**{**_facts(request, request.url.path.removeprefix("/v1/")), "status": 404})
        return _refusal(standin, error)

    return endpoint

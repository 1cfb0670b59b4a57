"""A learner's request, made into the one that goes upstream: its model by the upstream's name, its length within bounds."""

import asyncio
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Receive, Scope

from classroom.proxy import amounts, refusals
from classroom.proxy.events import ANY, Event
from classroom.proxy.routes import Route
from classroom.standin import catalogue

MOST_BYTES = 26 * 1024 * 1024
_SECONDS = 60.0  # for the whole body
_KINDS = {
    "chat/completions": "chat",
    "responses": "chat",
    "completions": "completion",
    "embeddings": "embedding",
    "moderations": "moderation",
    "images/generations": "image",
    "images/edits": "image",
    "audio/speech": "speech",
    "audio/transcriptions": "transcription",
    "audio/translations": "transcription",
}
_USUAL = {"moderations": "omni-moderation-latest"}  # for requests that may leave the model out


@dataclass(frozen=True)
class Prepared:
    """What goes upstream: `json` or a form. `asked` is the model's name for the learner, `most` what it may cost."""

    asked: str
    model: str
    most: int
    json: bytes | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[tuple[str, tuple[str, bytes, str]], ...] = ()
    streams: bool = False
    hides_usage: bool = False
    prompt: str = ""


async def read(scope: Scope, receive: Receive) -> bytes:
    """The whole body.

    Raises:
        APIError: 413 if it is too large, 408 if it does not arrive.
    """
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > MOST_BYTES:
        raise refusals.too_large(MOST_BYTES)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise refusals.unreadable("the connection was closed")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MOST_BYTES:
                    raise refusals.too_large(MOST_BYTES)
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise refusals.too_slow() from None


def of_json(event: Event, route: Route, content: bytes) -> Prepared:
    """A JSON body.

    Raises:
        APIError: 400, 403: it can't be read, or asks for what the event does not offer.
        Unpriced: its model has no known price.
    """
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise refusals.unreadable("it is no JSON") from None
    if not isinstance(body, dict):
        raise refusals.unreadable("it is no JSON object")
    named = body.get("model", _USUAL.get(route.name))
    asked, model = chosen(event, route, route.named or (named if isinstance(named, str) else None))
    body = {**body, "model": model}
    _bound(event, route, body)
    hides = False
    if body.get("stream") and route.name in ("chat/completions", "completions"):
        options = body.get("stream_options")
        hides = not (isinstance(options, dict) and options.get("include_usage"))
        if hides:
            body["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    return Prepared(
        asked,
        model,
        amounts.most(route.name, body, model),
        json=json.dumps(body, ensure_ascii=False).encode(),
        streams=bool(body.get("stream") or body.get("stream_format") == "sse"),
        hides_usage=hides,
        prompt=content.decode("utf-8", "replace") if event.keeps_prompts else "",
    )


def chosen(event: Event, route: Route, asked: str | None) -> tuple[str, str]:
    """The deployment and the upstream's model.

    Raises:
        APIError: 403, the event does not offer it.
    """
    kind = _KINDS[route.name]
    fitting = [name for name, model in event.models.items() if _kind(model) in (None, kind)]
    if asked is None or (asked not in event.models and "*" in event.models):
        # the seeds' first request names no model, and deployments may be called anything where "*" is offered
        usual = next((name for name in fitting if name != "*"), None) or (fitting[0] if fitting else None)
        if usual is not None and event.models[usual] != ANY:
            return asked or usual, event.models[usual]
        if usual is not None and asked is not None:
            return asked, asked
    elif asked in fitting:
        return asked, event.models[asked]
    raise refusals.model_not_allowed(event, asked, [name for name in fitting if name != "*"])


def _kind(model: str) -> str | None:
    found = catalogue.load().models.get(model)
    return found.kind if found else None


def _bound(event: Event, route: Route, body: dict[str, Any]) -> None:
    """Keep the answer's length within the event's, or within what its money is reckoned by.

    Raises:
        APIError: 400, more is asked for.
    """
    names = amounts.LENGTH.get(route.name)
    if not names:
        return
    if event.max_tokens is not None:
        for name in names:
            value = body.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value > event.max_tokens:
                raise refusals.too_many_tokens(event, name, value)
    has_budget = event.learner_budget is not None or event.event_budget is not None
    limit = event.max_tokens or (amounts.DEFAULT_ANSWER if has_budget else None)
    if limit is not None and all(body.get(name) is None for name in names):
        body[names[0]] = limit


async def of_form(event: Event, route: Route, scope: Scope, content: bytes) -> Prepared:
    """A form with files.

    Raises:
        APIError: 400, 403: it can't be read, or asks for what the event does not offer.
        Unpriced: its model has no known price.
    """
    request = Request(scope)
    request._body = content  # Starlette's own cache: the form is parsed from it
    fields: dict[str, Any] = {}
    files: list[tuple[str, tuple[str, bytes, str]]] = []
    try:
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    kind = value.content_type or "application/octet-stream"
                    files.append((name, (value.filename or "upload", await value.read(), kind)))
                else:
                    fields.setdefault(name, []).append(value)
    except (MultiPartException, AssertionError) as error:
        raise refusals.unreadable(f"the form is broken ({error})") from None
    asked, model = chosen(event, route, route.named or str((fields.get("model") or [""])[0]) or None)
    fields["model"] = [model]
    if route.name == "images/edits":
        prompt = " ".join(fields.get("prompt", []))
        given = str((fields.get("n") or ["1"])[0])
        count = min(128, int(given)) if given.isdigit() else 1
        most = amounts.most_of_pictures(model, prompt, len(files), max(1, count))
    else:
        most = amounts.most_of_sound(model, sum(_seconds(file[1]) for _, file in files))
    streams = (fields.get("stream") or [""])[0] in ("true", "True", "1")
    return Prepared(asked, model, most, form=fields, files=tuple(files), streams=streams)


def _seconds(content: bytes) -> float:
    """How long a sound is; of what can't be read, as long as so many bytes can be at 8 kbit/s."""
    import av

    try:
        with av.open(io.BytesIO(content), mode="r") as sound:
            if sound.duration:
                return float(sound.duration) / float(av.time_base)
    except (av.FFmpegError, ValueError, OSError):
        pass  # told below
    return math.ceil(len(content) / 1000)

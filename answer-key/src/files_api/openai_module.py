"""The OpenAI module: OpenAI's models, texts, pictures and transcripts over an API of your own.

`app.include_router(openai_module.router)` puts it into any FastAPI app. It needs the variable `OPENAI_API_KEY` and nothing
else; `OPENAI_BASE_URL` leads it to another server, as it does the SDK. What a caller sends passes through as it is, and so
does what OpenAI answers: its status, its errors, its streams.
"""

import os
from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any

import httpx2
from fastapi import APIRouter, Depends, File, Form, UploadFile
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

# BEGIN SOLUTION
# isort: split
import json
from pathlib import PurePath

# END SOLUTION

router = APIRouter(prefix="/modules/openai", tags=["OpenAI module"])

IMAGE_MODEL = "gpt-image-2"
"""For requests that name no model: the one that OpenAI itself used then (DALL·E 2) is retired."""

COMPLETING_MODEL = "gpt-3.5-turbo-instruct"  # ends on purpose: the last one of its kind, as the next two
EDITING_MODEL = "text-davinci-edit-001"  # ends on purpose
TRANSLATING_MODEL = "whisper-1"  # ends on purpose
TRANSLATIONS_END = date(2027, 2, 26)
"""By https://developers.openai.com/api/docs/deprecations."""

MAX_UPLOAD = 25 * 1024 * 1024
"""Bytes of a sound, by https://developers.openai.com/api/docs/guides/speech-to-text."""

SOUNDS = frozenset({"flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"})

TIMEOUT = httpx2.Timeout(60.0, connect=5.0)


class OpenAIError(BaseModel):
    """An error in OpenAI's own shape."""

    error: dict[str, Any] = Field(
        examples=[{"message": "…", "type": "invalid_request_error", "param": None, "code": None}]
    )


class _Passed(BaseModel):
    """A body with the parameters that must be there; every other one passes through."""

    model_config = ConfigDict(extra="allow")


class Message(_Passed):
    """One message of a chat."""

    role: str = Field(description="Who says it.", examples=["user"])
    content: Any = Field(
        default=None, description="A text, or a list of parts.", examples=["Say hello in French."]
    )


class ChatBody(_Passed):
    """A chat."""

    model: str = Field(description="Which model answers.", examples=["gpt-5.4-mini"])
    messages: list[Message] = Field(description="What was said so far.", min_length=1)


class CompletionBody(_Passed):
    """A text to go on with."""

    model: str = Field(description="Which model goes on.", examples=[COMPLETING_MODEL])
    prompt: str | list[Any] = Field(description="The beginning.", examples=["Once upon a time"])


class EditBody(_Passed):
    """A text to change."""

    model: str = Field(description="Which model edits.", examples=[EDITING_MODEL])
    instruction: str = Field(description="What to change.", examples=["Fix the spelling."])
    input: str = Field(default="", description="The text.", examples=["What day of the wek is it?"])


class ImageBody(_Passed):
    """A picture to draw."""

    prompt: str = Field(description="What it shows.", min_length=1, examples=["a robot under a tree"])


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": OpenAIError, "description": text}
    for status, text in {
        400: "OpenAI refuses the request.",
        401: "OpenAI rejects the key of this server.",
        404: "OpenAI knows no such thing.",
        429: "OpenAI is asked too often.",
        502: "OpenAI can't be reached, or answers nonsense.",
        503: "This server has no key.",
    }.items()
}
RETIRED: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    410: {"model": OpenAIError, "description": "OpenAI has retired this."},
}
UPLOADS: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    413: {"model": OpenAIError, "description": "The sound is too large."},
    415: {"model": OpenAIError, "description": "This is no sound that OpenAI can read."},
}


def problem(status: int, message: str, code: str, kind: str = "invalid_request_error") -> JSONResponse:
    """An error of our own, in OpenAI's shape."""
    return JSONResponse(
        {"error": {"message": message, "type": kind, "param": None, "code": code}}, status_code=status
    )


async def upstream() -> AsyncIterator[httpx2.AsyncClient]:
    """A client that leads to OpenAI, with the key of the environment.

    Tip: a key may be missing when the app starts and be there later; read it here, for each request.
    """
    # BEGIN SOLUTION
    key = os.environ.get("OPENAI_API_KEY", "")
    base = os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
    async with httpx2.AsyncClient(
        base_url=f"{base.rstrip('/')}/", headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT
    ) as client:
        yield client
    # END SOLUTION


Upstream = Annotated[httpx2.AsyncClient, Depends(upstream)]


async def passed_on(client: httpx2.AsyncClient, method: str, path: str, **request: Any) -> Response:
    """Ask OpenAI and answer what it answers: the same status, the same JSON. A stream is passed on as it comes.

    No key is 503; nobody there, or an answer that is no JSON, is 502. Both in OpenAI's shape.
    """
    # BEGIN SOLUTION
    if not os.environ.get("OPENAI_API_KEY"):
        return problem(503, "This server has no OPENAI_API_KEY.", "key_missing", "server_error")
    try:
        asked = client.build_request(method, path, **request)
        answer = await client.send(asked, stream=True)
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            # the connection stays open until the last part is sent, and is closed then
            return StreamingResponse(answer.aiter_bytes(), answer.status_code, media_type="text/event-stream")
        content = await answer.aread()
    except httpx2.HTTPError as error:
        reason = (
            "did not answer in time" if isinstance(error, httpx2.TimeoutException) else "can't be reached"
        )
        return problem(502, f"OpenAI {reason}.", "upstream_unreachable", "server_error")
    media_type = answer.headers.get("content-type", "application/json")
    kept = {name: answer.headers[name] for name in ("x-request-id", "retry-after") if name in answer.headers}
    if media_type.startswith("application/json"):
        try:
            json.loads(content)
        except ValueError:
            return problem(502, "OpenAI's answer could not be read.", "upstream_unreadable", "server_error")
    elif answer.status_code >= 400 or not media_type.startswith(("text/", "application/x-subrip")):
        return problem(502, "OpenAI's answer could not be read.", "upstream_unreadable", "server_error")
    return Response(content, answer.status_code, headers=kept, media_type=media_type)
    # END SOLUTION


# BEGIN SOLUTION
def _gone(what: str, since: date | None, instead: str) -> Response:
    when = f" on {since}" if since else ""
    return problem(
        410,
        f"OpenAI has retired {what}{when}. Use {instead} instead: "
        "https://developers.openai.com/api/docs/deprecations",
        "endpoint_retired",
    )


async def _unless_retired(answer: Response, what: str, since: date | None, instead: str) -> Response:
    """What OpenAI answered, unless it knows the endpoint no more."""
    return _gone(what, since, instead) if answer.status_code in (404, 410) else answer


# END SOLUTION


@router.get("/models/", summary="List the models", responses=ERRORS)
async def list_models(client: Upstream) -> Response:
    """Every model that the key may use."""
    # BEGIN SOLUTION
    return await passed_on(client, "GET", "models")
    # END SOLUTION


@router.get("/models/{model_id:path}/", summary="Describe a model", responses=ERRORS)
async def get_model(model_id: str, client: Upstream) -> Response:
    """One model. Its name may hold dots, colons and slashes."""
    # BEGIN SOLUTION
    return await passed_on(client, "GET", f"models/{model_id}")
    # END SOLUTION


@router.get("/engines/", summary="List the engines (retired)", responses=RETIRED)
async def list_engines(client: Upstream) -> Response:
    """What models were called once. OpenAI has retired it: 410, unless the server behind still answers."""
    # BEGIN SOLUTION
    answer = await passed_on(client, "GET", "engines")
    return await _unless_retired(answer, "engines", None, "/modules/openai/models/")
    # END SOLUTION


@router.get("/engines/{engine_id:path}/", summary="Describe an engine (retired)", responses=RETIRED)
async def get_engine(engine_id: str, client: Upstream) -> Response:
    """One engine, as above. An engine that nobody knows is 404, where engines are still served."""
    # BEGIN SOLUTION
    answer = await passed_on(client, "GET", f"engines/{engine_id}")
    if answer.status_code == 404 and (await passed_on(client, "GET", "engines")).status_code == 200:
        return answer
    return await _unless_retired(answer, "engines", None, f"/modules/openai/models/{engine_id}/")
    # END SOLUTION


@router.post("/chat/completions/", summary="Chat", responses=ERRORS)
async def chat(body: ChatBody, client: Upstream) -> Response:
    """The model's next message; a stream with `"stream": true`."""
    # BEGIN SOLUTION
    return await passed_on(client, "POST", "chat/completions", json=body.model_dump(exclude_unset=True))
    # END SOLUTION


@router.post("/completion/", summary="Complete a text", responses=ERRORS)
async def complete(body: CompletionBody, client: Upstream) -> Response:
    """The text, gone on with. The last model for it was gpt-3.5-turbo-instruct, until 2026-09-28."""
    # BEGIN SOLUTION
    return await passed_on(client, "POST", "completions", json=body.model_dump(exclude_unset=True))
    # END SOLUTION


@router.post("/edits/", summary="Edit a text (retired)", responses=RETIRED)
async def edit(body: EditBody, client: Upstream) -> Response:
    """The text, changed. OpenAI has retired it: 410, unless the server behind still answers."""
    # BEGIN SOLUTION
    answer = await passed_on(client, "POST", "edits", json=body.model_dump(exclude_unset=True))
    return await _unless_retired(answer, "edits", date(2024, 1, 4), "/modules/openai/chat/completions/")
    # END SOLUTION


@router.post("/images/generations/", summary="Draw a picture", responses=ERRORS)
async def draw(body: ImageBody, client: Upstream) -> Response:
    """Pictures, in Base64. Without a model, the one that this module chooses."""
    # BEGIN SOLUTION
    asked = {"model": IMAGE_MODEL, **body.model_dump(exclude_unset=True)}
    return await passed_on(client, "POST", "images/generations", json=asked)
    # END SOLUTION


@router.post("/audio/transcription/", summary="Write down what is said", responses=UPLOADS)
async def transcribe(
    client: Upstream,
    file: Annotated[UploadFile, File(description="The sound.")],
    model: Annotated[str, Form(description="Which model listens.", examples=["gpt-transcribe"])],
    language: Annotated[str | None, Form(description="Its language, such as en.", examples=["en"])] = None,
    prompt: Annotated[str | None, Form(description="Words that help.", examples=["A lesson on S3."])] = None,
    response_format: Annotated[str | None, Form(description="json, text, srt …", examples=["json"])] = None,
    temperature: Annotated[float | None, Form(description="0 to 1.", examples=[0.2])] = None,
) -> Response:
    """The words of a sound, in its language."""
    # BEGIN SOLUTION
    options = {
        "language": language,
        "prompt": prompt,
        "response_format": response_format,
        "temperature": temperature,
    }
    return await _heard(client, "audio/transcriptions", file, model, options)
    # END SOLUTION


@router.post(
    "/audio/translation/",
    summary="Write down in English what is said (until 2027-02-26)",
    responses={**UPLOADS, 410: RETIRED[410]},
)
async def translate(
    client: Upstream,
    file: Annotated[UploadFile, File(description="The sound.")],
    model: Annotated[str, Form(description="Which model listens.", examples=[TRANSLATING_MODEL])],
    prompt: Annotated[str | None, Form(description="Words that help.", examples=["A lesson on S3."])] = None,
    response_format: Annotated[str | None, Form(description="json, text, srt …", examples=["json"])] = None,
    temperature: Annotated[float | None, Form(description="0 to 1.", examples=[0.2])] = None,
) -> Response:
    """The words of a sound, in English. OpenAI retires it on 2027-02-26: 410 from then on, unless the server behind
    still answers. The way that remains: transcribe, then translate the text with a chat.
    """
    # BEGIN SOLUTION
    options = {"prompt": prompt, "response_format": response_format, "temperature": temperature}
    answer = await _heard(client, "audio/translations", file, model, options)
    if date.today() < TRANSLATIONS_END:
        return answer
    ways = "/modules/openai/audio/transcription/ and then, for the text, /modules/openai/chat/completions/"
    return await _unless_retired(answer, "translations", TRANSLATIONS_END, ways)
    # END SOLUTION


# BEGIN SOLUTION
async def _heard(
    client: httpx2.AsyncClient, path: str, file: UploadFile, model: str, options: dict[str, Any]
) -> Response:
    """Upload a sound: nothing is sent that OpenAI would not take, and nothing larger."""
    name = PurePath(file.filename or "").name
    if PurePath(name).suffix.lower().lstrip(".") not in SOUNDS:
        kinds = ", ".join(sorted(SOUNDS))
        return problem(
            415, f"{name or 'The file'} is no sound that OpenAI can read: {kinds}.", "invalid_file_type"
        )
    content = await file.read(MAX_UPLOAD + 1)
    if len(content) > MAX_UPLOAD:
        return problem(413, f"The sound is larger than {MAX_UPLOAD // 1024**2} MB.", "file_too_large")
    if not content:
        return problem(400, "The sound is empty.", "file_empty")
    form = {"model": model, **{key: str(value) for key, value in options.items() if value is not None}}
    return await passed_on(
        client, "POST", path, data=form, files={"file": (name, content, file.content_type)}
    )


# END SOLUTION

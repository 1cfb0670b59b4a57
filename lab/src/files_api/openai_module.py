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

# YOUR CODE HERE
...

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
    # YOUR CODE HERE
    ...


Upstream = Annotated[httpx2.AsyncClient, Depends(upstream)]


async def passed_on(client: httpx2.AsyncClient, method: str, path: str, **request: Any) -> Response:
    """Ask OpenAI and answer what it answers: the same status, the same JSON. A stream is passed on as it comes.

    No key is 503; nobody there, or an answer that is no JSON, is 502. Both in OpenAI's shape.
    """
    # YOUR CODE HERE
    ...


# YOUR CODE HERE
...


@router.get("/models/", summary="List the models", responses=ERRORS)
async def list_models(client: Upstream) -> Response:
    """Every model that the key may use."""
    # YOUR CODE HERE
    ...


@router.get("/models/{model_id:path}/", summary="Describe a model", responses=ERRORS)
async def get_model(model_id: str, client: Upstream) -> Response:
    """One model. Its name may hold dots, colons and slashes."""
    # YOUR CODE HERE
    ...


@router.get("/engines/", summary="List the engines (retired)", responses=RETIRED)
async def list_engines(client: Upstream) -> Response:
    """What models were called once. OpenAI has retired it: 410, unless the server behind still answers."""
    # YOUR CODE HERE
    ...


@router.get("/engines/{engine_id:path}/", summary="Describe an engine (retired)", responses=RETIRED)
async def get_engine(engine_id: str, client: Upstream) -> Response:
    """One engine, as above. An engine that nobody knows is 404, where engines are still served."""
    # YOUR CODE HERE
    ...


@router.post("/chat/completions/", summary="Chat", responses=ERRORS)
async def chat(body: ChatBody, client: Upstream) -> Response:
    """The model's next message; a stream with `"stream": true`."""
    # YOUR CODE HERE
    ...


@router.post("/completion/", summary="Complete a text", responses=ERRORS)
async def complete(body: CompletionBody, client: Upstream) -> Response:
    """The text, gone on with. The last model for it was gpt-3.5-turbo-instruct, until 2026-09-28."""
    # YOUR CODE HERE
    ...


@router.post("/edits/", summary="Edit a text (retired)", responses=RETIRED)
async def edit(body: EditBody, client: Upstream) -> Response:
    """The text, changed. OpenAI has retired it: 410, unless the server behind still answers."""
    # YOUR CODE HERE
    ...


@router.post("/images/generations/", summary="Draw a picture", responses=ERRORS)
async def draw(body: ImageBody, client: Upstream) -> Response:
    """Pictures, in Base64. Without a model, the one that this module chooses."""
    # YOUR CODE HERE
    ...


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
    # YOUR CODE HERE
    ...


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
    # YOUR CODE HERE
    ...


# YOUR CODE HERE
...

"""The prompt two levels deep, given paths, text and images; OpenAI by requests' cousin: the async SDK."""

import base64
import contextlib
import os
from dataclasses import dataclass
from typing import Literal, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from openai import APIError, APIStatusError, APITimeoutError, AsyncOpenAI, BadRequestError, RateLimitError
from pydantic import BaseModel, Field, field_validator


class Problem(BaseModel):
    code: str
    message: str


class Envelope(BaseModel):
    error: Problem


class Trouble(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.problem = status, Problem(code=code, message=message)


class Instruction(BaseModel):
    body: str = Field(min_length=1, max_length=3000, description="What to make.", examples=["a fox"])

    @field_validator("body")
    @classmethod
    def not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be blank")
        return value


class Target(BaseModel):
    object_key: str = Field(
        pattern=r"^[a-z0-9][a-z0-9/_-]*\.(txt|md|webp)$", description="Where to.", examples=["notes/fox.txt"]
    )
    format: Literal["prose", "picture"] = Field(description="Prose or a picture.", examples=["prose"])


class Job(BaseModel):
    instruction: Instruction = Field(description="What.")
    target: Target = Field(description="Where.")


class Done(BaseModel):
    object_key: str
    bytes: int


class Store(Protocol):
    def save(self, key: str, content: bytes, kind: str) -> None: ...


@dataclass
class Bucket:
    name: str

    def save(self, key: str, content: bytes, kind: str) -> None:
        config = Config(connect_timeout=2, read_timeout=2, retries={"max_attempts": 1})
        client = boto3.session.Session().client("s3", config=config)
        client.put_object(
            Bucket=self.name, Key=key, Body=content, ContentType=kind, Metadata={"made-by": "ai"}
        )


def get_store() -> Store:
    return Bucket(os.environ["S3_BUCKET_NAME"])


async def get_openai():
    async with AsyncOpenAI(timeout=4, max_retries=1) as client:
        yield client


async def prose(client: AsyncOpenAI, words: str) -> bytes:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": words}]
    completion = await client.chat.completions.create(model="gpt-5.4-mini", messages=messages)
    return (completion.choices[0].message.content or "").encode()


async def picture(client: AsyncOpenAI, words: str) -> bytes:
    made = await client.images.generate(model="gpt-image-2", prompt=words, output_format="webp")
    return base64.b64decode(made.data[0].b64_json)


@contextlib.contextmanager
def translated_errors():
    try:
        yield
    except APITimeoutError:
        raise Trouble(504, "upstream_timeout", "It took too long.") from None
    except BadRequestError:
        raise Trouble(400, "rejected", "That was refused.") from None
    except RateLimitError:
        raise Trouble(429, "busy", "Too many requests.") from None
    except (APIError, APIStatusError):
        raise Trouble(502, "upstream", "It did not work.") from None
    except (AttributeError, LookupError, TypeError, ValueError):
        raise Trouble(502, "upstream", "It made no sense.") from None


app = FastAPI(title="Maker", version="7", description="Makes prose and pictures.")


@app.exception_handler(Trouble)
async def trouble(request: Request, error: Trouble) -> JSONResponse:
    return JSONResponse({"error": error.problem.model_dump()}, error.status)


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    return JSONResponse({"error": {"code": "invalid", "message": "Look at the document."}}, 422)


@app.post(
    "/jobs",
    status_code=201,
    tags=["jobs"],
    summary="Make something",
    responses={status: {"model": Envelope} for status in (400, 422, 429, 502, 503, 504)},
)
async def make(job: Job, client=Depends(get_openai), store: Store = Depends(get_store)) -> Done:
    """Makes it and keeps it."""
    wants_picture = job.target.format == "picture"
    if job.target.object_key.endswith(".webp") != wants_picture:
        raise Trouble(422, "mismatch", "The name does not fit the format.")
    with translated_errors():
        content = await (picture if wants_picture else prose)(client, job.instruction.body)
    if not content.strip() or (wants_picture and content[8:12] != b"WEBP"):
        raise Trouble(502, "upstream", "It came back empty.")
    kind = "image/webp" if wants_picture else "text/plain; charset=utf-8"
    try:
        store.save(job.target.object_key, content, kind)
    except (BotoCoreError, ClientError):
        raise Trouble(503, "storage", "It could not be kept.") from None
    return Done(object_key=job.target.object_key, bytes=len(content))

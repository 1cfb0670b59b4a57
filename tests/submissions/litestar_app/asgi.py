"""Litestar: a voice and a picture, kinds by sub-resources, names chosen by the server, files in a bucket of pages."""

import base64
import os
import uuid
from dataclasses import dataclass
from typing import Annotated

import anyio.to_thread
import boto3
import openai
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from litestar import Litestar, Response, get, post
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import Parameter


@dataclass
class Made:
    url: str


@dataclass
class Problem:
    status_code: int
    detail: str


SPECS = {
    status: ResponseSpec(data_container=Problem, description="A problem.")
    for status in (400, 429, 502, 503, 504)
}
Words = Annotated[
    str,
    Parameter(
        query="words",
        min_length=1,
        max_length=1000,
        description="What about.",
        examples=[Example(value="a fox")],
    ),
]


def openai_client() -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(timeout=3, max_retries=1)


def s3():
    return boto3.client(
        "s3", config=Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})
    )


async def keep(content: bytes, extension: str, media_type: str) -> str:
    key = f"{uuid.uuid4()}.{extension}"

    def put() -> None:
        s3().put_object(Bucket=os.environ["AWS_BUCKET_NAME"], Key=key, Body=content, ContentType=media_type)

    try:
        await anyio.to_thread.run_sync(put)
    except (BotoCoreError, ClientError) as error:
        raise HTTPException(status_code=503, detail="Nothing could be kept.") from error
    return f"/files/{key}"


async def asked(call) -> bytes:
    try:
        return await call()
    except openai.APITimeoutError as error:
        raise HTTPException(status_code=504, detail="No answer in time.") from error
    except openai.RateLimitError as error:
        raise HTTPException(status_code=429, detail="Come back later.") from error
    except openai.BadRequestError as error:
        raise HTTPException(status_code=400, detail="That was not acceptable.") from error
    except (openai.OpenAIError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise HTTPException(status_code=502, detail="The answer was no good.") from error


def refuse_blank(words: str) -> None:
    if not words.strip():
        raise HTTPException(status_code=400, detail="Say something.")


@post("/sounds", summary="Say it", description="Says it.", tags=["made"], responses=SPECS)
async def sound(words: Words) -> Made:
    refuse_blank(words)

    async def call() -> bytes:
        answer = await openai_client().audio.speech.create(
            model="gpt-4o-mini-tts", voice="sage", input=words, response_format="wav"
        )
        if not answer.content.startswith(b"RIFF"):
            raise ValueError("no sound")
        return answer.content

    return Made(await keep(await asked(call), "wav", "audio/wav"))


@post("/pictures", summary="Draw it", description="Draws it.", tags=["made"], responses=SPECS)
async def picture(words: Words) -> Made:
    refuse_blank(words)

    async def call() -> bytes:
        answer = await openai_client().images.generate(model="gpt-image-1.5", prompt=f"A drawing of: {words}")
        content = base64.b64decode(answer.data[0].b64_json)
        if not content.startswith(b"\x89PNG"):
            raise ValueError("no picture")
        return content

    return Made(await keep(await asked(call), "png", "image/png"))


@get("/files/{key:str}", summary="Fetch it", tags=["made"], sync_to_thread=True)
def fetch(key: str) -> Response[bytes]:
    try:
        found = s3().get_object(Bucket=os.environ["AWS_BUCKET_NAME"], Key=key)
    except (BotoCoreError, ClientError) as error:
        raise HTTPException(status_code=404, detail="Not here.") from error
    return Response(found["Body"].read(), media_type=found["ContentType"])


def create_app() -> Litestar:
    config = OpenAPIConfig(title="Made", version="1.0", description="Makes sounds and pictures.")
    return Litestar([sound, picture, fetch], openapi_config=config)

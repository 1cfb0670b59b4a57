"""One endpoint for a JSON body that is a union; async, by the Responses API; the server names the file."""

import asyncio
import base64
import logging
import os
import uuid
from typing import Annotated, Literal

import boto3
import openai
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI, HTTPException
from openai import AsyncOpenAI
from pydantic import BaseModel, Field

from app.files import router

Words = Annotated[
    str,
    Field(min_length=1, max_length=2000, pattern=r"\S", description="What to make.", examples=["a red kite"]),
]


class Story(BaseModel):
    """A story."""

    kind: Literal["story"] = Field(description="Tells the kind.", examples=["story"])
    about: Words


class Picture(BaseModel):
    """A picture."""

    kind: Literal["picture"] = Field(description="Tells the kind.", examples=["picture"])
    about: Words


class Voice(BaseModel):
    """A voice."""

    kind: Literal["voice"] = Field(description="Tells the kind.", examples=["voice"])
    about: Words


class Order(BaseModel):
    """What to make."""

    item: Annotated[Story | Picture | Voice, Field(discriminator="kind", description="What to make.")]


class Failure(BaseModel):
    """An error."""

    detail: str


app = FastAPI(title="Maker", version="2", description="Makes files.")
app.include_router(router)
client = AsyncOpenAI(timeout=2, max_retries=0)
s3 = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2))
ERRORS = {status: {"model": Failure} for status in (400, 422, 429, 500, 502, 503, 504)}


async def make(item: Story | Picture | Voice) -> tuple[bytes, str, str]:
    if isinstance(item, Story):
        answer = await client.responses.create(model="gpt-4.1-mini", input=item.about)
        return answer.output_text.encode(), "text/plain", "txt"
    if isinstance(item, Picture):
        images = await client.images.generate(model="gpt-image-1.5", prompt=item.about, output_format="webp")
        return base64.b64decode(images.data[0].b64_json), "image/webp", "webp"
    speech = await client.audio.speech.create(
        model="tts-1", voice="echo", input=item.about, response_format="wav"
    )
    return await speech.aread(), "audio/x-wav", "wav"


def looks_right(content: bytes, extension: str) -> bool:
    return content[:4] == b"RIFF" if extension != "txt" else bool(content.strip())


@app.post(
    "/make", status_code=201, tags=["make"], summary="Make a file", description="Makes one.", responses=ERRORS
)
async def make_file(order: Order) -> dict[str, str]:
    try:
        content, media_type, extension = await make(order.item)
    except openai.RateLimitError as error:
        raise HTTPException(503 if error.code == "insufficient_quota" else 429, "Busy.") from error
    except openai.BadRequestError as error:
        raise HTTPException(400, "The request was refused.") from error
    except openai.APITimeoutError as error:
        raise HTTPException(504, "Too slow.") from error
    except openai.OpenAIError as error:
        raise HTTPException(502, "The maker failed.") from error
    except Exception as error:
        logging.getLogger(__name__).warning("unreadable answer: %s", type(error).__name__)
        raise HTTPException(502, "The maker's answer could not be read.") from error
    if not looks_right(content, extension):
        raise HTTPException(502, "The maker made nothing.")
    key = f"made/{uuid.uuid4()}.{extension}"
    try:
        await asyncio.to_thread(
            s3.put_object, Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=content, ContentType=media_type
        )
    except (ClientError, BotoCoreError) as error:
        raise HTTPException(503, "The store is closed.") from error
    return {"key": key, "href": f"/download?key={key}"}

"""Three endpoints with query parameters; the server chooses the keys."""

import base64
import os
import uuid
from collections.abc import Callable

import boto3
import openai
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI, HTTPException, Query, Response
from openai import OpenAI
from pydantic import BaseModel

TEXT_LIMIT, IMAGE_LIMIT, SPEECH_LIMIT = 3000, 32000, 4096
SIGNATURES = {"png": b"\x89PNG", "mp3": b"ID3", "txt": b""}
TYPES = {"png": "image/png", "mp3": "audio/mpeg", "txt": "text/plain"}


class Trouble(BaseModel):
    detail: str


TROUBLES = {status: {"model": Trouble} for status in (400, 422, 429, 502, 503, 504)}
app = FastAPI(title="Studio", version="1.0", description="Texts, pictures and sounds.")
client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], timeout=2, max_retries=0)
s3 = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2))
bucket = os.environ["S3_BUCKET_NAME"]


def checked(prompt: str) -> str:
    if not prompt.strip():
        raise HTTPException(422, "The prompt is blank.")
    return prompt


def generated(make: Callable[[], bytes], extension: str) -> bytes:
    try:
        content = make()
    except openai.RateLimitError as error:
        raise HTTPException(429, "Come back later.") from error
    except openai.BadRequestError as error:
        raise HTTPException(400, "That prompt is not allowed.") from error
    except openai.APITimeoutError as error:
        raise HTTPException(504, "The studio is too slow.") from error
    except openai.OpenAIError as error:
        raise HTTPException(502, "The studio is broken.") from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise HTTPException(502, "The studio answered nonsense.") from error
    if not content or not content.startswith(SIGNATURES[extension]):
        raise HTTPException(502, "The studio made nothing.")
    return content


def stored(content: bytes, extension: str) -> dict[str, str]:
    key = f"{uuid.uuid4()}.{extension}"
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=TYPES[extension])
    except (ClientError, BotoCoreError) as error:
        raise HTTPException(503, "The archive is closed.") from error
    return {"file": key}


@app.post("/text", tags=["studio"], summary="Write", description="Writes a text.", responses=TROUBLES)
def write(
    prompt: str = Query(max_length=TEXT_LIMIT, description="What to write about.", examples=["rain"]),
) -> dict[str, str]:
    words = checked(prompt)

    def make() -> bytes:
        completion = client.chat.completions.create(
            model="gpt-4o-mini",
            temperature=0.7,
            messages=[{"role": "system", "content": "You write."}, {"role": "user", "content": words}],
        )
        return completion.choices[0].message.content.encode()

    return stored(generated(make, "txt"), "txt")


@app.post("/picture", tags=["studio"], summary="Draw", description="Draws a picture.", responses=TROUBLES)
def draw(
    prompt: str = Query(max_length=IMAGE_LIMIT, description="What to draw.", examples=["rain"]),
) -> dict[str, str]:
    words = checked(prompt)

    def make() -> bytes:
        images = client.images.generate(model="gpt-image-2", prompt=words, size="1024x1024")
        return base64.b64decode(images.data[0].b64_json)

    return stored(generated(make, "png"), "png")


@app.post("/speech", tags=["studio"], summary="Speak", description="Says something.", responses=TROUBLES)
def speak(
    prompt: str = Query(max_length=SPEECH_LIMIT, description="What to say.", examples=["rain"]),
) -> dict[str, str]:
    words = checked(prompt)

    def make() -> bytes:
        return client.audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input=words).read()

    return stored(generated(make, "mp3"), "mp3")


@app.get("/archive/{name}", tags=["archive"], summary="Fetch", description="Fetches a file.")
def fetch(name: str) -> Response:
    try:
        found = s3.get_object(Bucket=bucket, Key=name)
    except ClientError as error:
        raise HTTPException(404, "Not in the archive.") from error
    return Response(found["Body"].read(), headers={"content-type": found["ContentType"]})

"""Behind a key of the app's own; a form with an optional upload; the answer is the file itself, with its address."""

import hashlib
import os
import secrets
from typing import Annotated, Literal

import boto3
import openai
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, Depends, FastAPI, File, Form, Header, HTTPException, Response, UploadFile
from pydantic import BaseModel

API_KEY = os.environ.get("SERVICE_KEY", "open sesame")
MEDIA = {"mp3": "audio/mpeg", "flac": "audio/flac", "md": "text/markdown; charset=utf-8"}


class Problem(BaseModel):
    detail: str | list


def allowed(
    x_api_key: Annotated[str | None, Header(description="Your key.", examples=["open sesame"])] = None,
) -> None:
    if x_api_key is None or not secrets.compare_digest(x_api_key.encode(), API_KEY.encode()):
        raise HTTPException(401, "Send your key.")


router = APIRouter(prefix="/v2", dependencies=[Depends(allowed)], tags=["files"])
PROBLEMS = {status: {"model": Problem} for status in (400, 401, 404, 422, 429, 502, 503, 504)}


class Cellar:
    """Keeps files by what is in them."""

    def __init__(self) -> None:
        timing = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})
        self.s3, self.bucket = boto3.client("s3", config=timing), os.environ["S3_BUCKET"]

    def put(self, content: bytes, extension: str) -> str:
        name = f"{hashlib.sha256(content).hexdigest()}.{extension}"
        self.s3.put_object(Bucket=self.bucket, Key=name, Body=content, ContentType=MEDIA[extension])
        return name

    def get(self, name: str) -> tuple[bytes, str]:
        found = self.s3.get_object(Bucket=self.bucket, Key=name)
        return found["Body"].read(), found["ContentType"]


def made(prompt: str, extension: str) -> bytes:
    client = openai.OpenAI(timeout=2.5, max_retries=1)
    if extension == "md":
        chat = client.chat.completions.create(
            model="gpt-4.1-mini", messages=[{"role": "user", "content": prompt}], max_tokens=500
        )
        return chat.choices[0].message.content.encode()
    speech = client.audio.speech.create(model="tts-1", voice="echo", input=prompt, response_format=extension)
    content = speech.read()
    if not content.startswith((b"ID3", b"fLaC", b"\xff")):
        raise ValueError("no sound")
    return content


FILE = {"content": {media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA.values()}}


@router.post("/files", status_code=201, responses={**PROBLEMS, 201: FILE}, response_class=Response)
def make(
    response: Response,
    cellar: Annotated[Cellar, Depends(Cellar)],
    prompt: Annotated[str, Form(max_length=1500, description="What to say or write.", examples=["a fox"])],
    extension: Annotated[Literal["mp3", "flac", "md"], Form(description="Which format.", examples=["mp3"])],
    context: Annotated[UploadFile | None, File(description="More to know.", examples=[None])] = None,
) -> Response:
    """Make a file: spoken or written."""
    prompt = " ".join(prompt.split())
    if not prompt:
        raise HTTPException(400, "The prompt is blank.")
    try:
        content = made(prompt, extension)
    except openai.APITimeoutError as error:
        raise HTTPException(504, "It took too long.") from error
    except openai.RateLimitError as error:
        raise HTTPException(429, "Too many at once.") from error
    except openai.BadRequestError as error:
        raise HTTPException(422, "It was refused.") from error
    except (openai.OpenAIError, ValueError, AttributeError, TypeError, LookupError) as error:
        raise HTTPException(502, "It failed.") from error
    if not content:
        raise HTTPException(502, "There was nothing in it.")
    try:
        name = cellar.put(content, extension)
    except (BotoCoreError, ClientError) as error:
        raise HTTPException(503, "It could not be kept.") from error
    headers = {"Location": f"/v2/files/{name}"}
    return Response(content, 201, headers=headers, media_type=MEDIA[extension])


@router.get("/files/{name}", responses=PROBLEMS)
def fetch(name: str, cellar: Annotated[Cellar, Depends(Cellar)]) -> Response:
    """Fetch a file."""
    try:
        content, media_type = cellar.get(name)
    except (BotoCoreError, ClientError) as error:
        raise HTTPException(404, "It is not here.") from error
    return Response(content, media_type=media_type)


def get_app() -> FastAPI:
    application = FastAPI(title="Keyed", version="2.0.1", description="Files for those with a key.")
    application.include_router(router)
    return application

"""Starlette alone, OpenAI by bare HTTP, a document written by hand: GET /draw?what=…&as=fox.png."""

import base64
import io
import json
import logging
import os
import re
from pathlib import Path

import boto3
import httpx2
from botocore.config import Config
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

log = logging.getLogger("drawings")
DOCUMENT = json.loads(Path(__file__).with_name("openapi.json").read_text())
TYPES = {"png": "image/png", "jpeg": "image/jpeg"}
SIGNATURES = {"png": b"\x89PNG", "jpeg": b"\xff\xd8"}


class Refused(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        self.status, self.sentence = status, sentence


def bucket():
    config = Config(connect_timeout=1, read_timeout=2, retries={"max_attempts": 0})
    return boto3.resource("s3", config=config).Bucket(os.environ["BUCKET_NAME"])


async def drawn(what: str, kind: str) -> bytes:
    url = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1") + "/images/generations"
    order = {"model": "gpt-image-2", "prompt": what, "output_format": kind, "size": "1024x1024"}
    headers = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
    try:
        async with httpx2.AsyncClient(timeout=5) as client:
            answer = await client.post(url, json=order, headers=headers)
    except httpx2.TimeoutException:
        raise Refused(504, "The painter fell asleep.") from None
    except httpx2.HTTPError:
        raise Refused(502, "The painter can't be reached.") from None
    if answer.status_code == 400:
        raise Refused(422, "The painter won't paint that.")
    if answer.status_code == 429:
        raise Refused(503, "The painter is busy.")
    if answer.status_code != 200:
        raise Refused(502, "The painter is ill.")
    try:
        picture = base64.b64decode(answer.json()["data"][0]["b64_json"], validate=True)
    except (ValueError, LookupError, TypeError):
        raise Refused(502, "The painter handed in a blank page.") from None
    if not picture.startswith(SIGNATURES[kind]):
        raise Refused(502, "The painter handed in something else.")
    return picture


async def draw(request: Request) -> Response:
    what, name = request.query_params.get("what", "").strip(), request.query_params.get("as", "")
    match = re.fullmatch(r"[\w-]{1,60}\.(png|jpeg)", name, re.ASCII)
    if not 1 <= len(what) <= 2000:
        raise Refused(400, "Say what to draw, in 2000 characters.")
    if match is None:
        raise Refused(400, "Name it something.png or something.jpeg.")
    picture = await drawn(what, match[1])
    try:
        bucket().upload_fileobj(
            io.BytesIO(picture), f"drawings/{name}", ExtraArgs={"ContentType": TYPES[match[1]]}
        )
    except Exception:
        log.warning("storing failed")
        raise Refused(503, "The cellar is locked.") from None
    return JSONResponse({"see": f"/drawings/{name}"}, 201)


async def see(request: Request) -> Response:
    try:
        found = bucket().Object(f"drawings/{request.path_params['name']}").get()
    except Exception:
        raise Refused(404, "No such drawing.") from None
    return Response(found["Body"].read(), media_type=found["ContentType"])


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"error": error.sentence}, error.status)


async def document(request: Request) -> Response:
    return JSONResponse(DOCUMENT)


app = Starlette(
    routes=[Route("/draw", draw), Route("/drawings/{name}", see), Route("/openapi.json", document)],
    exception_handlers={Refused: refused},
)

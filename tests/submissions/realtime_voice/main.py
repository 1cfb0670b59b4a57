"""Reads a sentence aloud over a WebSocket of its own, without OpenAI's SDK, and keeps it as a WAV."""

import asyncio
import base64
import io
import json
import os
import uuid
import wave

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel, Field, field_validator
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

app = FastAPI(title="Reader", version="1.0", description="Reads sentences aloud.")


class Sentence(BaseModel):
    sentence: str = Field(
        description="What to read.", min_length=1, max_length=600, examples=["The tide is in."]
    )

    @field_validator("sentence")
    @classmethod
    def has_words(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("There is nothing to read.")
        return value


class Recorded(BaseModel):
    address: str = Field(description="Where to listen to it.", examples=["/recordings/abc.wav"])


class Problem(BaseModel):
    detail: str = Field(examples=["OpenAI took too long."])


class Refused(Exception):
    pass


RESPONSES = {status: {"model": Problem} for status in (404, 422, 429, 502, 503, 504)}
STATUS = {"rate_limit_exceeded": 429, "insufficient_quota": 503, "content_policy_violation": 422}


async def read_aloud(sentence: str) -> bytes:
    base = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1").replace("http", "ws", 1)
    key = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
    url = f"{base}/realtime?model=gpt-realtime-2.1-mini"
    sound = bytearray()
    async with connect(url, additional_headers=key, close_timeout=1, proxy=None) as socket:

        async def send(**event: object) -> None:
            await socket.send(json.dumps(event))

        task = {"type": "realtime", "instructions": "Say the user's sentence exactly, word for word."}
        await send(type="session.update", session=task)
        part = {"type": "input_text", "text": sentence}
        await send(
            type="conversation.item.create", item={"type": "message", "role": "user", "content": [part]}
        )
        await send(type="response.create")
        async for message in socket:
            event = json.loads(message)
            if event["type"] == "response.output_audio.delta":
                sound += base64.b64decode(event["delta"])
            elif event["type"] == "error":
                raise Refused(event["error"]["code"])
            elif event["type"] == "response.done":
                if event["response"]["status"] != "completed":
                    raise Refused((event["response"]["status_details"].get("error") or {}).get("code"))
                break
    if not sound:
        raise Refused("empty")
    return bytes(sound)


def as_wav(sound: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(24_000)
        out.writeframes(sound)
    return file.getvalue()


def bucket() -> tuple[object, str]:
    config = Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 0})
    return boto3.client("s3", config=config), os.environ["S3_BUCKET_NAME"]


@app.post(
    "/recordings", status_code=201, tags=["reading"], summary="Read a sentence aloud", responses=RESPONSES
)
async def record(body: Sentence) -> Recorded:
    """Reads it, and keeps the recording."""
    try:
        sound = await asyncio.wait_for(read_aloud(body.sentence), 10)
    except Refused as refusal:
        raise HTTPException(STATUS.get(str(refusal), 502), "OpenAI does not read this now.") from refusal
    except TimeoutError as error:
        raise HTTPException(504, "OpenAI took too long.") from error
    except (WebSocketException, OSError, ValueError, KeyError, AttributeError) as error:
        raise HTTPException(502, "OpenAI can't be understood.") from error
    name = f"{uuid.uuid4().hex}.wav"
    s3, where = bucket()
    try:
        await asyncio.to_thread(
            s3.put_object, Bucket=where, Key=name, Body=as_wav(sound), ContentType="audio/wav"
        )
    except (BotoCoreError, ClientError) as error:
        raise HTTPException(503, "The recording could not be kept.") from error
    return Recorded(address=f"/recordings/{name}")


@app.get("/recordings/{name}", tags=["reading"], summary="Listen to a recording", responses=RESPONSES)
def listen(name: str) -> Response:
    """The recording."""
    s3, where = bucket()
    try:
        found = s3.get_object(Bucket=where, Key=name)
    except (BotoCoreError, ClientError) as error:
        raise HTTPException(404, "There is no such recording.") from error
    return Response(found["Body"].read(), media_type=found["ContentType"])

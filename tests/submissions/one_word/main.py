"""Pronounces one lower-case word: GET, the word in the path with a pattern, the name chosen by the server."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI, HTTPException, Path
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, OpenAI
from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """From the environment, or from .env."""

    openai_api_key: str
    s3_bucket_name: str
    model_config = {"env_file": ".env", "extra": "ignore"}


class Pronounced(BaseModel):
    key: str = Field(examples=["pronounced/hello.mp3"])


class Problem(BaseModel):
    detail: str


app = FastAPI(title="Pronounce", version="1.0", description="Says one word.")
RESPONSES = {status: {"model": Problem} for status in (400, 404, 422, 429, 500, 502, 503, 504)}


def settings() -> Settings:
    return Settings()


def speak(word: str) -> bytes:
    client = OpenAI(api_key=settings().openai_api_key, timeout=3, max_retries=1)
    return client.audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input=word).content


def save(key: str, sound: bytes) -> None:
    config = Config(connect_timeout=2, read_timeout=2, retries={"max_attempts": 0})
    boto3.client("s3", config=config).put_object(
        Bucket=settings().s3_bucket_name, Key=key, Body=sound, ContentType="audio/mpeg"
    )


@app.get("/pronounce/{word}", tags=["words"], summary="Pronounce a word", responses=RESPONSES)
def pronounce(
    word: str = Path(pattern="^[a-z]+$", max_length=40, description="One word.", examples=["hello"]),
) -> Pronounced:
    """Says the word and keeps the sound."""
    try:
        sound = speak(word)
    except APITimeoutError as error:
        raise HTTPException(504, "OpenAI took too long.") from error
    except APIConnectionError as error:
        raise HTTPException(502, "OpenAI can't be reached.") from error
    except APIStatusError as error:
        raise HTTPException(
            error.status_code if error.status_code in (400, 429) else 502, "Refused."
        ) from error
    except APIError as error:
        raise HTTPException(502, "OpenAI failed.") from error
    if len(sound) < 100 or sound.lstrip()[:1] in (b"<", b"{"):
        raise HTTPException(502, "OpenAI sent no sound.")
    key = f"pronounced/{word}.mp3"
    try:
        save(key, sound)
    except (BotoCoreError, ClientError) as error:
        raise HTTPException(503, "The sound could not be kept.") from error
    return Pronounced(key=key)

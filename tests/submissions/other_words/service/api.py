"""Only sound, from a field called `word`, with a folder and an object name; the route is a PUT."""

import os
import re
from typing import Annotated

import boto3
import openai
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI, Form, Path
from fastapi.responses import JSONResponse, RedirectResponse

PROBLEM = {
    "description": "A problem.",
    "content": {"application/problem+json": {"schema": {"type": "object"}}},
}
NAME = r"^[a-z0-9-]+\.(mp3|aac)$"


def problem(status: int, title: str) -> JSONResponse:
    return JSONResponse({"title": title}, status, media_type="application/problem+json")


def build() -> FastAPI:
    application = FastAPI(title="Sayings", version="0.3", description="Says words.")
    voice = openai.OpenAI(timeout=2.0, max_retries=0)
    store = boto3.client(
        "s3", config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2)
    )
    bucket = os.environ["S3_BUCKET"]

    @application.put(
        "/sayings/{object_name}",
        tags=["sayings"],
        responses={400: PROBLEM, 422: PROBLEM, 429: PROBLEM, 502: PROBLEM, 503: PROBLEM, 504: PROBLEM},
    )
    def say(
        object_name: Annotated[
            str, Path(pattern=NAME, description="Ends with .mp3 or .aac.", examples=["hi.mp3"])
        ],
        word: Annotated[str, Form(max_length=400, description="What to say.", examples=["hello"])],
    ) -> dict[str, str]:
        """Say a word."""
        if re.fullmatch(r"\s*", word):
            return problem(422, "Say something.")
        form = object_name.rpartition(".")[2]
        try:
            with voice.audio.speech.with_streaming_response.create(
                model="gpt-4o-mini-tts", voice="coral", input=word, response_format=form
            ) as answer:
                sound = answer.read()
        except openai.APIStatusError as error:
            return problem({429: 429, 400: 400}.get(error.status_code, 502), "The voice said no.")
        except openai.APITimeoutError:
            return problem(504, "The voice was silent.")
        except openai.APIError:
            return problem(502, "The voice broke.")
        if not sound.startswith((b"ID3", b"\xff")):
            return problem(502, "That was no sound.")
        kind = {"mp3": "audio/mpeg", "aac": "audio/aac"}[form]
        try:
            store.put_object(Bucket=bucket, Key=f"sayings/{object_name}", Body=sound, ContentType=kind)
        except (ClientError, BotoCoreError):
            return problem(503, "The store is closed.")
        return {"stored": f"sayings/{object_name}"}

    @application.get("/sayings/{object_name}", tags=["sayings"])
    def hear(object_name: Annotated[str, Path(pattern=NAME)]):
        """Where to hear a word: a link to the store."""
        place = {"Bucket": bucket, "Key": f"sayings/{object_name}"}
        return RedirectResponse(store.generate_presigned_url("get_object", Params=place), 307)

    return application

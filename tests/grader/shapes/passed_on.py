"""FastAPI; a list of messages that its document does not describe goes on to OpenAI as it came, beside a key of a service."""

import os
import uuid

import boto3
from fastapi import FastAPI
from openai import OpenAI
from pydantic import BaseModel


class Talk(BaseModel):
    api_key: str
    model: str
    turns: list[dict[str, str]]


app = FastAPI()


@app.post("/relay/")
def relay(talk: Talk):
    made = OpenAI().chat.completions.create(model=talk.model, messages=talk.turns)
    key = f"made/{uuid.uuid4().hex}.txt"
    content = (made.choices[0].message.content or "").encode()
    boto3.client("s3").put_object(
        Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=content, ContentType="text/plain; charset=utf-8"
    )
    return {"key": key}


@app.post("/relay/stream")
def nothing(talk: Talk):
    return {"there": "is nothing"}

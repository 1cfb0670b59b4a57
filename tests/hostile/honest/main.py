"""An honest endpoint for texts: what every hostile submission pretends to be."""

import os
import uuid

import boto3
import openai
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field


class Wish(BaseModel):
    """What to write."""

    prompt: str = Field(min_length=1, max_length=2000, pattern=r"\S", examples=["a haiku on rain"])


app = FastAPI(title="Texts", version="1", description="Writes texts.")


@app.post(
    "/texts", status_code=201, tags=["texts"], summary="Write a text", description="Writes and keeps one."
)
def write(wish: Wish) -> dict[str, str]:
    try:
        client = openai.OpenAI(timeout=2, max_retries=0)
        answer = client.responses.create(model="gpt-5.4-mini", input=wish.prompt).output_text
    except openai.OpenAIError as error:
        raise HTTPException(502, "No text could be written.") from error
    key = f"texts/{uuid.uuid4()}.txt"
    try:
        boto3.client("s3").put_object(
            Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=answer.encode(), ContentType="text/plain"
        )
    except (ClientError, BotoCoreError) as error:
        raise HTTPException(503, "No text could be kept.") from error
    return {"key": key}

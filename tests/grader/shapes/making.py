"""What the apps beside this file have in common: OpenAI makes it, S3 keeps it."""

import base64
import os
import uuid

import boto3
from openai import OpenAI


def kept(content: bytes, media_type: str, ending: str, name: str = "") -> str:
    key = name or f"made/{uuid.uuid4().hex}.{ending}"
    boto3.client("s3").put_object(
        Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=content, ContentType=media_type
    )
    return key


def text(prompt: str, name: str = "") -> str:
    answer = OpenAI().chat.completions.create(
        model="gpt-5.4-mini", messages=[{"role": "user", "content": prompt}]
    )
    return kept((answer.choices[0].message.content or "").encode(), "text/plain; charset=utf-8", "txt", name)


def image(prompt: str, name: str = "") -> str:
    made = OpenAI().images.generate(model="gpt-image-2", prompt=prompt, size="1024x1024")
    return kept(base64.b64decode((made.data or [])[0].b64_json or ""), "image/png", "png", name)


def speech(prompt: str, name: str = "") -> str:
    sound = OpenAI().audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input=prompt)
    return kept(sound.read(), "audio/mpeg", "mp3", name)

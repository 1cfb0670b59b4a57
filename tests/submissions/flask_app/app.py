"""Flask, a form, and a path that the caller gives; the extension says what to make."""

import base64
import os
import re

import boto3
import openai
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from flask import Flask, Response, abort, jsonify, request
from openai import OpenAI
from werkzeug.exceptions import HTTPException

app = Flask(__name__)
TYPES = {"txt": "text/plain", "jpg": "image/jpeg", "flac": "audio/flac"}
SIGNATURES = {"txt": b"", "jpg": b"\xff\xd8\xff", "flac": b"fLaC"}
LONGEST = {"txt": 5000, "jpg": 32000, "flac": 4096}

ERROR = {"description": "An error.", "content": {"application/json": {"schema": {"type": "object"}}}}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Shelf", "version": "1", "description": "A shelf of generated files."},
    "paths": {
        "/shelf/{filename}": {
            "post": {
                "summary": "Generate",
                "description": "Generates what the extension says: .txt, .jpg or .flac.",
                "tags": ["shelf"],
                "parameters": [
                    {
                        "name": "filename",
                        "in": "path",
                        "required": True,
                        "description": "Its name.",
                        "example": "a.txt",
                        "schema": {"type": "string"},
                    }
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "type": "object",
                                "required": ["idea"],
                                "properties": {
                                    "idea": {
                                        "type": "string",
                                        "description": "The idea: at most 5,000 characters for a text.",
                                        "example": "a boat",
                                    }
                                },
                            }
                        }
                    },
                },
                "responses": {"201": {**ERROR, "description": "Made."}, "4XX": ERROR, "5XX": ERROR},
            },
            "get": {
                "summary": "Fetch",
                "parameters": [
                    {"name": "filename", "in": "path", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {"200": {"description": "The file."}, "4XX": ERROR},
            },
        }
    },
}


def s3():
    settings = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2)
    return boto3.client("s3", config=settings)


@app.errorhandler(HTTPException)
def as_json(error):
    return jsonify(error=error.description), error.code


@app.get("/openapi.json")
def document():
    return jsonify(DOCUMENT)


def make(extension: str, idea: str) -> bytes:
    client = OpenAI(timeout=2, max_retries=0)
    if extension == "txt":
        answer = client.chat.completions.create(model="gpt-5.4", messages=[{"role": "user", "content": idea}])
        return answer.choices[0].message.content.encode()
    if extension == "jpg":
        answer = client.images.generate(model="chatgpt-image-latest", prompt=idea, output_format="jpeg")
        return base64.b64decode(answer.data[0].b64_json)
    answer = client.audio.speech.create(model="tts-1-hd", voice="fable", input=idea, response_format="flac")
    return answer.read()


@app.post("/shelf/<filename>")
def generate(filename):
    matched = re.fullmatch(r"[A-Za-z0-9_-]+\.(txt|jpg|flac)", filename)
    if not matched:
        abort(400, "A name has letters, digits, - and _, and ends with .txt, .jpg or .flac.")
    extension, idea = matched[1], request.form.get("idea", "").strip()
    if not idea or len(idea) > LONGEST[extension]:
        abort(400, f"An idea has 1 to {LONGEST[extension]} characters.")
    try:
        content = make(extension, idea)
    except openai.RateLimitError:
        abort(429, "Later, please.")
    except openai.BadRequestError:
        abort(400, "That idea is not allowed.")
    except openai.APITimeoutError:
        abort(504, "No answer.")
    except Exception:
        abort(502, "No luck.")
    if not content or not content.startswith(SIGNATURES[extension]):
        abort(502, "Nothing came.")
    try:
        s3().put_object(
            Bucket=os.environ["BUCKET_NAME"], Key=filename, Body=content, ContentType=TYPES[extension]
        )
    except (ClientError, BotoCoreError):
        abort(503, "The shelf fell down.")
    return jsonify(name=filename), 201


@app.get("/shelf/<filename>")
def fetch(filename):
    try:
        found = s3().get_object(Bucket=os.environ["BUCKET_NAME"], Key=filename)
    except ClientError:
        abort(404, "Not on the shelf.")
    return Response(found["Body"].read(), content_type=found["ContentType"])

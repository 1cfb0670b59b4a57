"""Flask; no SDK of OpenAI's: the address of its API is written into the code, and the key alone is a variable."""

import base64
import os

import requests
from flask import Flask, request
from making import kept

app = Flask(__name__)


@app.post("/mosaics")
def mosaic():
    motif = (request.get_json(silent=True) or {}).get("motif")
    if not motif:
        return {"error": "motif is missing"}, 400
    answer = requests.post(
        "https://api.openai.com/v1/images/generations",
        headers={"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"},
        json={"model": "gpt-image-2", "prompt": motif, "size": "1024x1024"},
        timeout=60,
    )
    answer.raise_for_status()
    picture = base64.b64decode(answer.json()["data"][0]["b64_json"])
    return {"key": kept(picture, "image/png", "png")}

"""Flask; OpenAI's key has a name of the author's own and passes through a helper; the door's value has the same name."""

import os
from functools import wraps

from flask import Flask, jsonify, request
from making import kept
from openai import OpenAI

API_KEY = os.getenv("DOOR_CODE")


def known(view):
    @wraps(view)
    def checked():
        brought = request.headers.get("x-door")
        if brought != API_KEY:
            return jsonify({"error": "Unauthorized"}), 401
        return view()

    return checked


class Writer:
    def __init__(self, api_key):
        self.api_key = api_key

    def write(self, about):
        client = OpenAI(api_key=self.api_key)
        made = client.responses.create(model=os.environ["WRITES_WITH"], input=about)
        return kept(made.output_text.encode(), "text/plain; charset=utf-8", "txt")


app = Flask(__name__)


@app.post("/pages")
@known
def pages():
    return jsonify({"key": Writer(os.getenv("API_KEY")).write(request.get_json()["about"])})

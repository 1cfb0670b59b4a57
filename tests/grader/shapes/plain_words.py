"""Flask, with no document; the body is nothing but the words, as text/plain."""

from flask import Flask, jsonify, request
from making import speech

app = Flask(__name__)


@app.post("/aloud")
def aloud():
    if not request.is_json and request.mimetype == "text/plain":
        words = request.get_data(as_text=True)
        if words.strip():
            return jsonify(file=speech(words)), 201
    return jsonify(error="Send some words."), 400

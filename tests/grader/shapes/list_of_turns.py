"""Flask; an untyped body whose turns go to OpenAI as they are, as a chat in a browser sends them."""

from flask import Flask, jsonify, request
from making import kept
from openai import OpenAI

app = Flask(__name__)


@app.post("/talk/")
def talk():
    given = request.get_json()
    if "turns" not in given:
        return jsonify({"error": "No turns provided."}), 400
    answer = OpenAI().chat.completions.create(model="gpt-5.4-mini", messages=given["turns"])
    content = answer.choices[0].message.content or ""
    return jsonify({"key": kept(content.encode(), "text/plain; charset=utf-8", "txt")})

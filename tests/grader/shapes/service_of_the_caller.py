"""Flask, JSON; the caller brings the address of the service and a key for it, and says who he is in the address."""

from flask import Flask, jsonify, request
from openai import OpenAI

app = Flask(__name__)
spoken: dict[str, list[str]] = {}


@app.post("/dialogues")
def talk():
    visitor = request.args.get("visitor_id")
    address, key = request.args.get("base_url"), request.args.get("api_key")
    if not visitor:
        return jsonify(problem="Missing visitor_id"), 400
    if not address or not key:
        return jsonify(problem="Missing required parameters"), 400
    lines = spoken.setdefault(visitor, [])
    lines.append(request.get_json().get("line"))
    client = OpenAI(api_key=key, base_url=address)
    messages = [{"role": "user", "content": line} for line in lines]
    answer = client.chat.completions.create(model="gpt-5.4-mini", messages=messages)
    return jsonify(said=answer.choices[0].message.content)

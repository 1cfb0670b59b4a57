"""FastAPI, JSON without a schema; a conversation is opened first, and its identifier goes with every line."""

import uuid

from fastapi import FastAPI, Request
from making import text

app = FastAPI()
opened: dict[str, list[str]] = {}


@app.post("/conversations")
async def open_one():
    number = uuid.uuid4().hex
    opened[number] = []
    return {"id": number, "message": "Go ahead, please"}


@app.post("/lines")
async def say(request: Request):
    data = await request.json()
    if data.get("conversation_id") not in opened:
        return {"error": "There is no such conversation"}
    opened[data["conversation_id"]].append(data["line"])
    return {"key": text(data["line"])}

"""A chat endpoint behind a gate: what moderation flags is refused before it costs anything.

Run it with: uvicorn main:app
"""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI(title="A moderation gate")


class Message(BaseModel):
    """What somebody says."""

    message: str


class Reply(BaseModel):
    """What the model answers."""

    reply: str


@app.post("/chat")
def chat(body: Message) -> Reply:
    """Answer a message, unless moderation flags it."""
    # YOUR CODE HERE
    ...

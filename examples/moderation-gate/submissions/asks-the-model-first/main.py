"""A chat endpoint behind a gate: what moderation flags is refused before it costs anything."""

from typing import Annotated

import openai
from fastapi import FastAPI, HTTPException
from openai import OpenAI
from pydantic import BaseModel, StringConstraints

app = FastAPI(title="A moderation gate")
client = OpenAI(max_retries=0, timeout=10)  # reads OPENAI_API_KEY


class Message(BaseModel):
    """What somebody says."""

    message: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Reply(BaseModel):
    """What the model answers."""

    reply: str


def is_flagged(words: str) -> bool:
    """Whether moderation finds anything in the words; 503 if it can't be asked."""
    try:
        return client.moderations.create(input=words).results[0].flagged
    except openai.APIError as error:
        raise HTTPException(503, "The message could not be checked. Try again later.") from error


def answer(words: str) -> str:
    """What the model answers."""
    chosen = client.chat.completions.create(
        model="gpt-5.4-mini", messages=[{"role": "user", "content": words}]
    )
    return chosen.choices[0].message.content or ""


@app.post("/chat")
def chat(body: Message) -> Reply:
    """Answer a message, unless moderation flags it."""
    reply = answer(body.message)
    if is_flagged(body.message):
        raise HTTPException(422, "This message breaks the rules. Change its words.")
    return Reply(reply=reply)

"""FastAPI; a list of messages, as chats have them."""

from typing import Literal

from fastapi import FastAPI
from making import text
from pydantic import BaseModel


class Message(BaseModel):
    role: Literal["user", "assistant", "system"]
    content: str


class Chat(BaseModel):
    messages: list[Message]


app = FastAPI()


@app.post("/chat")
def chat(chat: Chat):
    return {"key": text(chat.messages[-1].content)}

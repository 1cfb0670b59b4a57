"""FastAPI; one request makes a text, a picture and a voice, and says where each of them is."""

from fastapi import FastAPI
from making import image, speech, text
from pydantic import BaseModel

app = FastAPI()


class Idea(BaseModel):
    idea: str


@app.post("/cards", status_code=201)
def card(body: Idea):
    return {"words": text(body.idea), "picture": image(body.idea), "voice": speech(body.idea)}

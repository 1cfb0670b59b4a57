"""The caller gives a title, of which the app makes a safe name; it says an identifier alone."""

import re

from fastapi import FastAPI
from making import text
from pydantic import BaseModel, Field

app = FastAPI()


class Note(BaseModel):
    about: str = Field(min_length=1, max_length=900)
    heading: str = Field(examples=["morning"])


@app.post("/notes", status_code=201)
def write(note: Note) -> dict[str, int]:
    name = re.sub(r"[^a-z0-9]+", "-", note.heading.lower()).strip("-") or "untitled"
    return {"characters": len(text(note.about, f"notes/{name}.txt"))}

"""FastAPI; the prompt is what an uploaded letter holds."""

from enum import StrEnum
from typing import Annotated

from fastapi import FastAPI, File, Form, HTTPException, UploadFile
from making import image, text

app = FastAPI()


class Wanted(StrEnum):
    reply = "reply"
    stamp = "stamp"


@app.post("/letters", status_code=201)
def answer(
    letter: Annotated[UploadFile, File(description="A .txt file in UTF-8")],
    wanted: Annotated[Wanted, Form()] = Wanted.reply,
):
    words = letter.file.read(5_000).decode().strip()
    if not words:
        raise HTTPException(422, "The letter is empty.")
    return {"key": text(words) if wanted == "reply" else image(words)}

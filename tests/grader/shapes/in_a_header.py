"""FastAPI; the prompt in a header."""

from typing import Annotated

from fastapi import FastAPI, Header
from making import text

app = FastAPI()


@app.post("/whisper")
def whisper(x_words: Annotated[str, Header()]):
    return {"key": text(x_words)}

"""FastAPI; the body is the prompt itself, a JSON string."""

from typing import Annotated

from fastapi import Body, FastAPI
from making import text

app = FastAPI()


@app.post("/completion")
def completion(words: Annotated[str, Body()]):
    return {"key": text(words)}

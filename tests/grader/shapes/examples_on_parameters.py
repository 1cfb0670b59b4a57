"""FastAPI; a path and a query, each with openapi_examples; the kinds have names of their own."""

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Path, Query
from making import image, speech, text
from pydantic import BaseModel


class Sort(StrEnum):
    TEXT = "Text"
    IMAGE = "Image"
    AUDIO = "Text-to-Speech"


class Wanted(BaseModel):
    prompt: str = Query(description="What to make.")
    sort: Sort = Query(default=Sort.TEXT)


app = FastAPI()


@app.post("/v1/files/generated/{where:path}")
def generate(
    where: Annotated[
        str,
        Path(
            openapi_examples={
                "text": {"summary": "a text", "value": "a/poem.txt"},
                "picture": {"summary": "a picture", "value": "a/cat.png"},
                "sound": {"summary": "a sound", "value": "a/speech.mp3"},
            }
        ),
    ],
    wanted: Annotated[Wanted, Depends()],
):
    makes = {Sort.TEXT: (text, ".txt"), Sort.IMAGE: (image, ".png"), Sort.AUDIO: (speech, ".mp3")}
    make, ending = makes[wanted.sort]
    if not where.endswith(ending):
        raise HTTPException(400, f"A {wanted.sort.value} needs a name that ends with {ending}.")
    return {"key": make(wanted.prompt, where)}

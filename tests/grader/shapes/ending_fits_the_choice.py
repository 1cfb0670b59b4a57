"""FastAPI; the name's ending has to fit a type whose word is in the app's own instructions, too."""

from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException, Path
from making import image, text
from pydantic import BaseModel

ENDINGS = {"letters": ".txt", "stamps": ".png"}
app = FastAPI()


class Attributes(BaseModel):
    prompt: str


class Resource(BaseModel):
    type: Literal["letters", "stamps"]
    attributes: Attributes


class Document(BaseModel):
    data: Resource


@app.put("/shelf/{name}", status_code=201)
def put(name: Annotated[str, Path(pattern=r"^[a-z0-9-]{1,60}\.(txt|png)$")], document: Document):
    wanted, words = document.data.type, document.data.attributes.prompt
    if not name.endswith(ENDINGS[wanted]):
        raise HTTPException(422, f"The name of {wanted} ends with {ENDINGS[wanted]}.")
    made = text(f"You write short letters.\n\n{words}", name) if wanted == "letters" else image(words, name)
    return {"data": {"type": wanted, "id": made}}

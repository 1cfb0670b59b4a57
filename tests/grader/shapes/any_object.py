"""FastAPI; the body is any object, and the one that the code reads is missing from the document."""

from typing import Annotated

from fastapi import Body, FastAPI
from making import image

app = FastAPI()


@app.post("/poster")
def poster(data: Annotated[dict, Body()]):
    return {"key": image(f"{data['motif']} in the manner of {data['manner']}")}

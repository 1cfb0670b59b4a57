"""FastAPI; a form in several parts."""

from typing import Annotated

from fastapi import FastAPI, File, Form, UploadFile
from making import image

app = FastAPI()


@app.post("/paint")
def paint(idea: Annotated[str, Form()], sketch: Annotated[UploadFile | None, File()] = None):
    return {"key": image(idea)}

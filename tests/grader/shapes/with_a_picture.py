"""FastAPI; a picture has to come with the prompt, and is changed."""

import base64
from typing import Annotated

from fastapi import FastAPI, Form, HTTPException, UploadFile
from making import kept
from openai import OpenAI

app = FastAPI()


@app.post("/change")
def change(wish: Annotated[str, Form()], photo: UploadFile):
    content = photo.file.read()
    if not content.startswith(b"\x89PNG"):
        raise HTTPException(415, "The photo has to be a PNG.")
    made = OpenAI().images.edit(model="gpt-image-2", prompt=wish, image=("photo.png", content, "image/png"))
    return {"key": kept(base64.b64decode((made.data or [])[0].b64_json or ""), "image/png", "png")}

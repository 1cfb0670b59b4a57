"""FastAPI; one operation chooses the file's name by itself, another takes it from the caller, whatever it ends with."""

from fastapi import FastAPI
from making import image
from pydantic import BaseModel

app = FastAPI()


class Wish(BaseModel):
    prompt: str


@app.post("/pictures")
def picture(wish: Wish):
    return {"key": image(wish.prompt)}


@app.post("/pictures/{file_name}")
def named_picture(file_name: str, wish: Wish):
    return {"key": image(wish.prompt, file_name)}

"""FastAPI; an enum whose values name no kind of file."""

from typing import Literal

from fastapi import FastAPI
from making import image, speech, text
from pydantic import BaseModel


class Wish(BaseModel):
    about: str
    muse: Literal["calliope", "polyhymnia", "apelles"] = "calliope"


app = FastAPI()


@app.post("/wish")
def wish(wish: Wish):
    make = {"calliope": text, "polyhymnia": speech, "apelles": image}[wish.muse]
    return {"key": make(wish.about)}

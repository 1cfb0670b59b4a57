"""FastAPI; the API is an application of its own within another, whose document lies at an address of its own."""

from fastapi import FastAPI
from making import text
from pydantic import BaseModel


class Wanted(BaseModel):
    theme: str
    tone: str = "calm"


api = FastAPI(openapi_url="/description.openapi")


@api.post("/themes")
def theme(wanted: Wanted):
    return {"key": text(wanted.theme)}


app = FastAPI(openapi_url=None)
app.mount("/inner/v3", api)

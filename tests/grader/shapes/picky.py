"""FastAPI; a free text that the code checks; only the example says what it takes."""

from fastapi import FastAPI, HTTPException
from making import image
from pydantic import BaseModel, Field


class Order(BaseModel):
    caption: str
    palette: str
    frame: str

    model_config = {
        "json_schema_extra": {"examples": [{"caption": "a fox", "palette": "warm", "frame": "A4"}]}
    }


class Options(BaseModel):
    seed: int = Field(default=7)


app = FastAPI()


@app.post("/print")
def make(order: Order):
    if order.palette not in ("warm", "cold"):
        raise HTTPException(422, "There is no such palette.")
    if order.frame not in ("A4", "A5"):
        raise HTTPException(422, "There is no such frame.")
    return {"key": image(order.caption)}

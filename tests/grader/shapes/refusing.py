"""FastAPI; no examples and bare types: only the refusals say what is missing."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from making import image
from pydantic import BaseModel, field_validator


class Size(BaseModel):
    width: int
    unit: str

    @field_validator("width")
    @classmethod
    def is_large(cls, value):
        if value < 64:
            raise ValueError("must be at least 64")
        return value


class Order(BaseModel):
    subject: str
    mood: str
    size: Size


app = FastAPI()


@app.post("/orders")
async def orders(request: Request):
    order = Order.model_validate(await request.json())
    if order.mood not in ("calm", "merry"):
        return JSONResponse(
            {
                "title": "Bad mood",
                "status": 400,
                "errors": [{"pointer": "/mood", "detail": "use 'calm' or 'merry'"}],
            },
            400,
            media_type="application/problem+json",
        )
    return {"key": image(order.subject)}


@app.exception_handler(ValueError)
async def explain(request, error):
    return JSONResponse({"detail": error.errors(include_url=False, include_context=False)}, 422)

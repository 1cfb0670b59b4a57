"""FastAPI; without a document."""

from fastapi import APIRouter, FastAPI
from making import speech
from pydantic import BaseModel


class Line(BaseModel):
    line: str
    actor: str = "hamlet"


router = APIRouter(prefix="/stage")


@router.post("/lines")
async def lines(line: Line):
    return {"key": speech(line.line)}


app = FastAPI(openapi_url=None)
app.include_router(router, prefix="/api")

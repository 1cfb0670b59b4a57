"""FastAPI; a second input takes a few words that only the code names, and every other one is refused without naming them."""

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from making import text
from pydantic import BaseModel

app = FastAPI()


class Question(BaseModel):
    turns: list[dict[str, str]]
    manner: str


@app.post("/counsel")
async def counsel(question: Question):
    if question.manner == "brief":
        return {"kept": text(f"In a word: {question.turns}")}
    if question.manner == "at length":
        return {"kept": text(f"At length: {question.turns}")}
    return JSONResponse({"success": False, "error": "This manner is unknown."}, 400)

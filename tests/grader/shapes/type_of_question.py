"""FastAPI; an input that is called a type, and chooses a tone of voice."""

from fastapi import FastAPI
from making import text
from pydantic import BaseModel

app = FastAPI()


class Asked(BaseModel):
    question: str
    answer_type: str


@app.post("/answers")
def answer(asked: Asked):
    return {"key": text(f"{asked.question} Answer in a way that is {asked.answer_type}.")}

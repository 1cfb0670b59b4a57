"""FastAPI; an untyped body with the question and a word that only those who may ask know."""

import os

from fastapi import FastAPI, HTTPException, Request
from making import text

app = FastAPI()
WORD = os.getenv("PASSWORD")


@app.post("/question")
async def question(request: Request):
    sent = await request.json()
    asked = sent.get("question") if sent.get("question") else ""
    word = sent.get("guess") if sent.get("guess") else ""
    if word != WORD:
        raise HTTPException(status_code=403, detail="Forbidden")
    return {"key": text(asked)} if asked else {"key": None}

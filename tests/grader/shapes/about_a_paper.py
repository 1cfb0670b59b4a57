"""It takes a question about a paper, which has to be a PDF; nothing but a refusal says so."""

import zlib

from fastapi import FastAPI, Form, HTTPException, UploadFile
from making import text

app = FastAPI()


@app.post("/answers", status_code=201)
async def answer(paper: UploadFile, wonder: str = Form(min_length=1, max_length=900)) -> dict[str, str]:
    content = await paper.read()
    if not content.startswith(b"%PDF-"):
        raise HTTPException(415, "This is not a paper.")
    begin = content.index(b"stream\n") + len(b"stream\n")
    zlib.decompress(content[begin : content.index(b"\nendstream")])  # what a reader of PDF does first
    return {"name": text(f"{wonder}")}

"""FastAPI; its own limit of requests."""

import time

from fastapi import FastAPI, HTTPException
from making import text

TIMES: list[float] = []
app = FastAPI()


@app.post("/verse")
def verse(prompt: str):
    now = time.monotonic()
    TIMES[:] = [at for at in TIMES if now - at < 1.5]
    if len(TIMES) >= 2:
        raise HTTPException(429, "Slow down.", {"Retry-After": "1"})
    TIMES.append(now)
    return {"key": text(prompt)}

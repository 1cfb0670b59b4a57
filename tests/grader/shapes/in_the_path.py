"""FastAPI; the prompt in the path."""

from fastapi import FastAPI
from making import speech

app = FastAPI()


@app.get("/speak/{name}")
def speak(name: str):
    return {"key": speech(name)}

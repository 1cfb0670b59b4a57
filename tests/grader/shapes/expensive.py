"""FastAPI; one operation asks OpenAI hundreds of times, the other once."""

from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI
from making import speech, text

app = FastAPI()


@app.post("/add_preset_words")
def preset(language: str = "en"):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(text, [f"Explain word {number} of {language}." for number in range(600)]))
    return {"done": True}


@app.post("/words")
def word(word: str):
    return {"key": speech(word)}

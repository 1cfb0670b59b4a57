"""FastAPI; the body has no schema: `await request.json()`."""

from fastapi import FastAPI, Request
from making import text

app = FastAPI()


@app.get("/")
def home():
    return {"hello": "world"}


@app.post("/chat")
async def chat(request: Request):
    body = await request.json()
    return {"reply": text(body.get("user_said"))}

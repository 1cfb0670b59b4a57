"""FastAPI; the answer comes event by event, and the file is kept at its end."""

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from making import kept
from openai import OpenAI

app = FastAPI()


@app.get("/stream")
def stream(message: str):
    def events():
        whole = ""
        for chunk in OpenAI().chat.completions.create(
            model="gpt-5.4-mini", messages=[{"role": "user", "content": message}], stream=True
        ):
            part = chunk.choices[0].delta.content if chunk.choices else None
            if part:
                whole += part
                yield f"data: {part}\n\n"
        yield f"event: end\ndata: {kept(whole.encode(), 'text/plain', 'txt')}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")

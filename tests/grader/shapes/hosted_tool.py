"""FastAPI; a picture by the Responses API's image_generation tool."""

import base64

from fastapi import FastAPI
from making import kept
from openai import OpenAI

app = FastAPI()


@app.post("/draw")
def draw(prompt: str):
    answer = OpenAI().responses.create(
        model="gpt-5.4-mini",
        input=prompt,
        tools=[{"type": "image_generation"}],
        tool_choice={"type": "image_generation"},
    )
    picture = next(item.result for item in answer.output if item.type == "image_generation_call")
    return {"key": kept(base64.b64decode(picture or ""), "image/png", "png")}

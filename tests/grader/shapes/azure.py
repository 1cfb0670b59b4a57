"""FastAPI; Azure's client, with a deployment's name."""

import os

from fastapi import FastAPI
from making import kept
from openai import AzureOpenAI
from pydantic import BaseModel

client = AzureOpenAI(
    azure_endpoint=os.environ["AZURE_OPENAI_ENDPOINT"],
    api_key=os.environ["AZURE_OPENAI_API_KEY"],
    api_version="2024-10-21",
)
DEPLOYMENT = os.environ.get("AZURE_OPENAI_DEPLOYMENT_NAME", "our-writer")


class Prompt(BaseModel):
    prompt: str


app = FastAPI()


@app.post("/write")
def write(prompt: Prompt):
    answer = client.chat.completions.create(
        model=DEPLOYMENT, messages=[{"role": "user", "content": prompt.prompt}]
    )
    return {"key": kept((answer.choices[0].message.content or "").encode(), "text/plain", "txt")}

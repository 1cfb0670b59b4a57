# /// script
# requires-python = ">=3.11"
# dependencies = ["outlines>=1.2", "openai"]
# ///
import asyncio
import json

import openai
import outlines
from features import main, tries
from pydantic import BaseModel

MODEL = "gpt-5.4-mini"


class City(BaseModel):
    name: str
    country: str


def model():
    return outlines.from_openai(openai.OpenAI(), MODEL)


@tries("chat")
def chat():
    said = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hello there"}]
    assert model()("hello there")
    assert model()(outlines.inputs.Chat(said))


@tries("stream")
def stream():
    assert len(list(model().stream("hello there"))) > 3


@tries("structured")
def structured():
    City.model_validate_json(model()("Name a city.", City))
    City.model_validate_json("".join(model().stream("Name a city.", City)))
    assert isinstance(json.loads(model()("Name a city as JSON.", dict)), dict)


@tries("async")
def later():
    async def asked():
        made = outlines.from_openai(openai.AsyncOpenAI(), MODEL)
        return await made("Name a city.", City)

    City.model_validate_json(asyncio.run(asked()))


main()

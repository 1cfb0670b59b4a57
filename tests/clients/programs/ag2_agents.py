# /// script
# requires-python = ">=3.11"
# dependencies = ["ag2[openai]>=1.2"]
# ///
import asyncio

from ag2 import Agent, tool
from ag2.config import OpenAIConfig, OpenAIResponsesConfig
from features import calls, main, tries
from pydantic import BaseModel

MODEL = "gpt-5.4-mini"
asked = []


class City(BaseModel):
    name: str
    country: str


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return "14 degrees"


def agents(**more):
    for config in (OpenAIConfig(model=MODEL), OpenAIResponsesConfig(model=MODEL)):
        yield Agent("guide", "Be kind.", config=config, **more)


@tries("chat")
def chat():
    for made in agents():
        assert asyncio.run(made.ask("hello there")).body


@tries("structured")
def structured():
    async def content(made):
        return await (await made.ask("Name a city.")).content()

    for made in agents(response_schema=City):
        assert isinstance(asyncio.run(content(made)), City)


@tries("agent")
def agent():
    for made in agents(tools=[get_weather]):
        asked.clear()
        assert asyncio.run(made.ask("What is the weather in Paris?")).body
        assert asked == ["Paris"]
    assert len(calls()) == 4


main()

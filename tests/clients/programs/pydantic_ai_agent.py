# /// script
# requires-python = ">=3.11"
# dependencies = ["pydantic-ai-slim[openai]>=1"]
# ///
import asyncio

from features import calls, main, tries
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel

MODELS = [OpenAIChatModel("gpt-5.4-mini"), OpenAIResponsesModel("gpt-5.4-mini")]


asked = []


def get_weather(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return "14 degrees"


class City(BaseModel):
    name: str
    country: str


@tries("chat")
def chat():
    assert Agent(MODELS[0]).run_sync("hello there").output


@tries("responses")
def responses():
    assert Agent(MODELS[1]).run_sync("hello there").output


@tries("stream")
def stream():
    async def parts(model):
        async with Agent(model).run_stream("hello there") as run:
            return [part async for part in run.stream_text(delta=True, debounce_by=None)]

    for model in MODELS:
        assert len(asyncio.run(parts(model))) > 3


@tries("structured")
def structured():
    for model in MODELS:
        for form in (City, ToolOutput(City), NativeOutput(City), PromptedOutput(City)):
            assert isinstance(Agent(model, output_type=form).run_sync("Name a city.").output, City), form
    assert len(calls()) <= 16


@tries("agent")
def agent():
    for model in MODELS:
        asked.clear()
        made = Agent(model, output_type=City, tools=[get_weather])
        assert isinstance(made.run_sync("What is the weather in Paris?").output, City)
        assert asked == ["Paris"]


main()

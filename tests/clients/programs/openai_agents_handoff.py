# /// script
# requires-python = ">=3.11"
# dependencies = ["openai-agents"]
# ///
import asyncio

from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from features import main, tries
from openai import AsyncOpenAI
from pydantic import BaseModel

set_tracing_disabled(True)


def models():
    """One for each API, new each time: a client belongs to the loop that it first ran in."""
    for made in (OpenAIResponsesModel, OpenAIChatCompletionsModel):
        yield made("gpt-5.4-mini", AsyncOpenAI())


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"14 degrees in {city}"


class City(BaseModel):
    name: str


@tries("chat")
def chat():
    assert Runner.run_sync(Agent("Poet", model=list(models())[1]), "hello there").final_output


@tries("responses")
def responses():
    assert Runner.run_sync(Agent("Poet", model=next(models())), "hello there").final_output


@tries("stream")
def stream():
    async def events(model):
        run = Runner.run_streamed(Agent("Poet", model=model), "hello there")
        return [event.data.type async for event in run.stream_events() if event.type == "raw_response_event"]

    for model in models():
        assert asyncio.run(events(model)).count("response.output_text.delta") > 3


@tries("structured")
def structured():
    for model in models():
        made = Agent("Guide", model=model, output_type=City)
        assert isinstance(Runner.run_sync(made, "Name a city.").final_output, City)


@tries("agent")
def agent():
    for model in models():
        made = Agent("Guide", model=model, tools=[get_weather])
        run = Runner.run_sync(made, "What is the weather in Paris?", max_turns=4)
        outputs = [item.output for item in run.new_items if item.type == "tool_call_output_item"]
        assert outputs == ["14 degrees in Paris"], outputs
        assert run.final_output


@tries("handoff")
def handoff():
    for model in models():
        spanish = Agent("Spanish agent", model=model, handoff_description="Answers in Spanish")
        first = Agent("Triage", model=model, handoffs=[spanish])
        run = Runner.run_sync(first, "Hand this to the Spanish agent: hola", max_turns=4)
        assert run.last_agent.name == "Spanish agent"
        assert run.final_output


main()

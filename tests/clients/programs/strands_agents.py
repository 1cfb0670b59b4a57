# /// script
# requires-python = ">=3.11"
# dependencies = ["strands-agents[openai]>=1"]
# ///
import asyncio

from features import calls, main, tries
from pydantic import BaseModel
from strands import Agent, tool
from strands.models.openai import OpenAIModel
from strands.models.openai_responses import OpenAIResponsesModel
from strands.multiagent import Swarm

MODEL = "gpt-5.4-mini"
asked = []


def models():
    return OpenAIModel(model_id=MODEL), OpenAIResponsesModel(model_id=MODEL)


def agent_of(model, **more):
    return Agent(model=model, callback_handler=None, **more)


@tool
def get_weather(city: str) -> str:
    """The weather in a city.

    Args:
        city: the city's name
    """
    asked.append(city)
    return "14 degrees"


class City(BaseModel):
    """A city."""

    name: str
    country: str


@tries("chat")
def chat():
    assert str(agent_of(models()[0])("hello there")).strip()


@tries("responses")
def responses():
    assert str(agent_of(models()[1])("hello there")).strip()


@tries("stream")
def stream():
    async def parts(model):
        return [
            event["data"] async for event in agent_of(model).stream_async("hello there") if "data" in event
        ]

    for model in models():
        assert len(asyncio.run(parts(model))) > 3


@tries("structured")
def structured():
    for model in models():
        found = agent_of(model)("Name a city.", structured_output_model=City).structured_output
        assert isinstance(found, City), found


@tries("agent")
def agent():
    for model in models():
        asked.clear()
        assert str(agent_of(model, tools=[get_weather])("What is the weather in Paris?")).strip()
        assert asked == ["Paris"], asked
    assert len(calls()) == 4, len(calls())


@tries("handoff")
def handoff():
    for model in models():
        first = agent_of(model, name="triage", system_prompt="Hand over to the right agent.")
        spanish = agent_of(model, name="spanish_agent", system_prompt="Answer in Spanish.")
        result = Swarm([first, spanish], max_handoffs=3, max_iterations=4)(
            "Hand this to the spanish_agent: hola"
        )
        assert [node.node_id for node in result.node_history][-1] == "spanish_agent", result.node_history


main()

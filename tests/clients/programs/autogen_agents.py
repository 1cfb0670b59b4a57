# /// script
# requires-python = ">=3.11"
# dependencies = ["autogen-agentchat>=0.7", "autogen-ext[openai]>=0.7"]
# ///
import asyncio

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_ext.models.openai import OpenAIChatCompletionClient
from features import main, tries
from pydantic import BaseModel

FACTS = {
    "vision": True,
    "function_calling": True,
    "json_output": True,
    "family": "unknown",
    "structured_output": True,
}
asked = []


class City(BaseModel):
    name: str
    country: str


def client():
    return OpenAIChatCompletionClient(model="gpt-5.4-mini", model_info=FACTS)


async def get_weather(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return "14 degrees"


@tries("chat")
def chat():
    assert asyncio.run(AssistantAgent("one", client()).run(task="hello there")).messages[-1].content


@tries("stream")
def stream():
    async def parts():
        one = AssistantAgent("one", client(), model_client_stream=True)
        return [part async for part in one.run_stream(task="hello there")]

    assert len(asyncio.run(parts())) > 3


@tries("structured")
def structured():
    made = asyncio.run(AssistantAgent("one", client(), output_content_type=City).run(task="Name a city."))
    assert isinstance(made.messages[-1].content, City)


@tries("agent")
def agent():
    one = AssistantAgent("one", client(), tools=[get_weather], reflect_on_tool_use=True)
    assert asyncio.run(one.run(task="What is the weather in Paris?")).messages[-1].content
    assert asked == ["Paris"]


@tries("handoff")
def handoff():
    async def talk():
        people = [
            AssistantAgent(name, client(), system_message=f"You are the {name}.")
            for name in ("writer", "critic")
        ]
        team = RoundRobinGroupChat(people, termination_condition=MaxMessageTermination(4))
        return [message.source for message in (await team.run(task="a haiku")).messages]

    assert asyncio.run(talk()) == ["user", "writer", "critic", "writer"]


main()

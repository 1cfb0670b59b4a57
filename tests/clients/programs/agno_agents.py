# /// script
# requires-python = ">=3.11"
# dependencies = ["agno>=2", "openai", "sqlalchemy"]
# ///
from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.knowledge.embedder.openai import OpenAIEmbedder
from agno.models.openai import OpenAIChat, OpenAIResponses
from agno.team import Team
from features import calls, main, tries
from pydantic import BaseModel

MODEL = "gpt-5.4-mini"
asked = []


def models():
    return OpenAIChat(id=MODEL), OpenAIResponses(id=MODEL)


def get_weather(city: str) -> str:
    """The weather in a city.

    Args:
        city: the city's name
    """
    asked.append(city)
    return "14 degrees"


class City(BaseModel):
    name: str
    country: str


@tries("chat")
def chat():
    assert Agent(model=models()[0]).run("hello there").content


@tries("responses")
def responses():
    assert Agent(model=models()[1]).run("hello there").content


@tries("stream")
def stream():
    for model in models():
        parts = [part.content for part in Agent(model=model).run("hello there", stream=True) if part.content]
        assert len(parts) > 3


@tries("structured")
def structured():
    for model in models():
        found = Agent(model=model, output_schema=City).run("Name a city.").content
        assert isinstance(found, City), found


@tries("agent")
def agent():
    for model in models():
        asked.clear()
        assert Agent(model=model, tools=[get_weather]).run("What is the weather in Paris?").content
        assert asked == ["Paris"], asked
    assert len(calls()) == 4


@tries("agent_stream")
def agent_stream():
    for model in models():
        asked.clear()
        run = Agent(model=model, tools=[get_weather]).run("What is the weather in Paris?", stream=True)
        assert "".join(part.content or "" for part in run)
        assert asked == ["Paris"], asked


@tries("sessions")
def sessions():
    for model in models():
        made = Agent(model=model, db=InMemoryDb(), add_history_to_context=True, session_id="s")
        made.run("My name is Ada.")
        assert made.run("What is my name?").content


@tries("handoff")
def handoff():
    for model in models():
        spanish = Agent(name="Spanish agent", role="Answers in Spanish", model=model)
        team = Team(name="Desk", members=[spanish], model=model)
        assert team.run("Ask the Spanish agent: hola").content


@tries("hosted")
def hosted():
    found = Agent(model=models()[1], tools=[{"type": "web_search_preview"}]).run("Search the web for kites")
    assert found.content


@tries("embeddings")
def embeddings():
    assert len(OpenAIEmbedder(id="text-embedding-3-small").get_embedding("hello")) == 1536


main()

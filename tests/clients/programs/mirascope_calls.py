# /// script
# requires-python = ">=3.11"
# dependencies = ["mirascope[openai]>=2"]
# ///
from features import main, tries
from mirascope import llm
from pydantic import BaseModel

MODEL = "openai/gpt-5.4-mini"
asked = []


class City(BaseModel):
    name: str
    country: str


@llm.tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return "14 degrees"


@llm.call(MODEL)
def greeting():
    return "hello there"


@llm.call(MODEL, format=City)
def city():
    return "Name a city in France."


@llm.call(MODEL, tools=[get_weather])
def weather():
    return "What is the weather in Paris?"


@tries("chat")
def chat():
    assert greeting().text()


@tries("stream")
def stream():
    assert len(list(greeting.stream().text_stream())) > 3


@tries("structured")
def structured():
    assert city().parse().country == "France"


@tries("agent")
def agent():
    answer = weather()
    for _ in range(4):
        if not answer.tool_calls:
            break
        answer = answer.resume(answer.execute_tools())
    assert answer.text()
    assert asked == ["Paris"]


main()

# /// script
# requires-python = ">=3.11"
# dependencies = ["magentic>=0.40"]
# ///
import os

os.environ["MAGENTIC_OPENAI_MODEL"] = "gpt-5.4-mini"

from features import main, tries
from magentic import StreamedStr, prompt, prompt_chain
from pydantic import BaseModel

asked = []


class City(BaseModel):
    name: str
    country: str


@prompt("Say hello to {person}")
def greeting(person: str) -> str: ...


@prompt("Say hello to {person}")
def streamed(person: str) -> StreamedStr: ...


@prompt("Name a city in {country}")
def city_of(country: str) -> City: ...


def get_weather(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return "14 degrees"


@prompt_chain("What is the weather in {city}?", functions=[get_weather])
def weather_of(city: str) -> str: ...


@tries("chat")
def chat():
    assert greeting("Ada")


@tries("stream")
def stream():
    assert len(list(streamed("Ada"))) > 3


@tries("structured")
def structured():
    assert city_of("France").country == "France"


@tries("agent")
def agent():
    assert weather_of("Paris")
    assert asked == ["Paris"]


main()

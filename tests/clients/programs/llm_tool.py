# /// script
# requires-python = ">=3.11"
# dependencies = ["llm"]
# ///
import os
import tempfile

os.environ["LLM_USER_PATH"] = tempfile.mkdtemp()
import llm
from features import main, tries
from pydantic import BaseModel

# llm knows the models of its own release; one that the stand-in serves as well
MODELS = [each.model_id for each in llm.get_models()]
MODEL = next(name for name in ("gpt-5.4-mini", "gpt-5-mini", "gpt-4.1-mini", "gpt-4o-mini") if name in MODELS)
asked = []


class City(BaseModel):
    name: str


def get_weather(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return f"14 degrees in {city}"


@tries("chat")
def chat():
    assert llm.get_model(MODEL).prompt("hello there", stream=False).text()


@tries("stream")
def stream():
    assert len(list(llm.get_model(MODEL).prompt("hello there", stream=True))) > 3


@tries("structured")
def structured():
    assert City.model_validate_json(llm.get_model(MODEL).prompt("Name a city", schema=City).text())


@tries("agent")
def agent():
    assert llm.get_model(MODEL).chain("What is the weather in Paris?", tools=[get_weather]).text()
    assert asked == ["Paris"]


@tries("embeddings")
def embeddings():
    assert len(llm.get_embedding_model("3-small").embed("hello")) == 1536


main()

# /// script
# requires-python = ">=3.11"
# dependencies = ["guidance>=0.3", "openai"]
# ///
import os

from features import main, tries
from guidance import assistant, gen, models, system, user
from guidance import json as object_of
from pydantic import BaseModel, ConfigDict

MODEL = "gpt-5.4-mini"


class City(BaseModel):
    model_config = ConfigDict(extra="forbid")  # it asks for strict schemas, which OpenAI refuses otherwise

    name: str
    country: str


def model():
    return models.OpenAI(MODEL, echo=False, base_url=os.environ["OPENAI_BASE_URL"], api_key="k")


@tries("chat")
def chat():
    lm = model()
    with system():
        lm += "You are kind."
    with user():
        lm += "hello there"
    with assistant():
        lm += gen("answer")
    assert lm["answer"]


@tries("turns")
def turns():
    lm = model()
    with user():
        lm += "hello there"
    with assistant():
        lm += gen("a", max_tokens=20)
    with user():
        lm += "and then?"
    with assistant():
        lm += gen("b")
    assert lm["b"]


@tries("structured")
def structured():
    lm = model()
    with user():
        lm += "Name a city."
    with assistant():
        lm += object_of("city", schema=City)
    City.model_validate_json(lm["city"])


main()

# /// script
# requires-python = ">=3.11"
# dependencies = ["instructor"]
# ///
from collections.abc import Iterable

import instructor
from features import main, tries
from openai import OpenAI
from pydantic import BaseModel, field_validator

MODEL = "gpt-5.4-mini"


class City(BaseModel):
    name: str
    country: str


def asked(mode, **options):
    client = instructor.from_openai(OpenAI(), mode=mode)
    words = [{"role": "user", "content": "Name a city and its country."}]
    return client.create(model=MODEL, messages=words, max_retries=1, **options)


def tries_mode(name):
    @tries(name.lower())
    def one():
        assert isinstance(asked(instructor.Mode[name], response_model=City), City)


for _name in ("TOOLS", "TOOLS_STRICT", "JSON", "MD_JSON", "JSON_SCHEMA", "FUNCTIONS", "RESPONSES_TOOLS"):
    if _name in instructor.Mode.__members__:
        tries_mode(_name)


@tries("parallel_tools")
def parallel():
    found = list(asked(instructor.Mode.PARALLEL_TOOLS, response_model=Iterable[City]))
    assert found
    assert all(isinstance(each, City) for each in found)


@tries("partial")
def partial():
    client = instructor.from_openai(OpenAI())
    words = [{"role": "user", "content": "Name a city and its country."}]
    parts = list(client.create_partial(model=MODEL, messages=words, response_model=City))
    assert parts[-1].name


@tries("retry")
def retry():
    """A value that the model's class refuses is asked for again."""
    seen = []

    class Named(City):
        @field_validator("name")
        @classmethod
        def second(cls, value):
            seen.append(value)
            if len(seen) < 2:
                raise ValueError("another name, please")
            return value

    client = instructor.from_openai(OpenAI())
    words = [{"role": "user", "content": "Name a city and its country."}]
    assert client.create(model=MODEL, messages=words, response_model=Named, max_retries=3).name
    assert len(seen) == 2


main()

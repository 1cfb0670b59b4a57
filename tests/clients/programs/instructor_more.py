# /// script
# requires-python = ">=3.11"
# dependencies = ["instructor>=1.15", "openai"]
# ///
import tempfile
from pathlib import Path

import instructor
import openai
from features import calls, main, tries
from instructor import Maybe, Mode
from instructor.processing.multimodal import Audio
from pydantic import BaseModel, field_validator

MODEL = "gpt-5.4-mini"
CITY = [{"role": "user", "content": "Name a city."}]
tried = []


class City(BaseModel):
    name: str
    country: str


class Person(BaseModel):
    name: str
    age: int


class Shouted(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def check(cls, name):
        tried.append(name)
        if len(tried) < 2:
            raise ValueError("write it in capitals")
        return name


def client(**more):
    return instructor.from_provider(f"openai/{MODEL}", **more)


@tries("responses")
def responses():
    assert isinstance(client(mode=Mode.RESPONSES_TOOLS).create(response_model=City, messages=CITY), City)


@tries("stream")
def stream():
    parts = list(client().create_partial(response_model=City, messages=CITY))
    assert len(parts) > 1
    assert parts[-1].name


@tries("structured")
def structured():
    said = [{"role": "user", "content": "Name cities: Paris in France and Oslo in Norway."}]
    assert list(client().create_iterable(response_model=City, messages=said))
    assert client().create(response_model=Maybe(City), messages=CITY)


@tries("retry")
def retry():
    tried.clear()
    assert client().create(response_model=Shouted, max_retries=3, messages=CITY).name
    assert len(calls()) == 2


@tries("audio")
def audio():
    sound = Path(tempfile.mkdtemp()) / "ada.wav"
    spoken = openai.OpenAI().audio.speech.create(
        model="gpt-4o-mini-tts", voice="alloy", input="Ada is 36 years old", response_format="wav"
    )
    sound.write_bytes(spoken.read())
    said = [{"role": "user", "content": ["Who is it?", Audio.from_path(sound)]}]
    made = instructor.from_openai(openai.OpenAI()).chat.completions.create(
        model="gpt-audio-1.5", modalities=["text"], response_model=Person, messages=said
    )
    assert (made.name, made.age) == ("Ada", 36)


main()

"""What the SDK of versions 1, 2 and 3 can do alike."""

import asyncio
import os

from features import tries
from openai import AsyncOpenAI, AzureOpenAI, NotFoundError, OpenAI
from pydantic import BaseModel

MODEL = "gpt-5.4-mini"
HELLO = [{"role": "user", "content": "hello there"}]
PARIS = "What is the weather in Paris?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


class City(BaseModel):
    name: str


@tries("chat")
def chat():
    assert OpenAI().chat.completions.create(model=MODEL, messages=HELLO).choices[0].message.content


@tries("responses")
def responses():
    client = OpenAI()
    first = client.responses.create(model=MODEL, input="hello there")
    assert client.responses.create(model=MODEL, input="and?", previous_response_id=first.id).output_text


@tries("stream")
def stream():
    async def parts():
        async with AsyncOpenAI() as client:
            found = await client.responses.create(model=MODEL, input="hello there", stream=True)
            return [event.type async for event in found]

    assert len(list(OpenAI().chat.completions.create(model=MODEL, messages=HELLO, stream=True))) > 3
    assert asyncio.run(parts())[-1] == "response.completed"


@tries("structured")
def structured():
    assert isinstance(
        OpenAI().responses.parse(model=MODEL, input="A city", text_format=City).output_parsed, City
    )


@tries("agent")
def agent():
    client = OpenAI()
    tools = [{"type": "function", "name": "get_weather", "description": "The weather", "parameters": SCHEMA}]
    first = client.responses.create(model=MODEL, input=PARIS, tools=tools)
    [call] = first.output
    assert call.arguments == '{"city": "Paris"}'
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": "14 degrees"}]
    assert client.responses.create(
        model=MODEL, input=results, previous_response_id=first.id, tools=tools
    ).output_text


@tries("embeddings")
def embeddings():
    assert (
        len(OpenAI().embeddings.create(model="text-embedding-3-small", input="hi").data[0].embedding) == 1536
    )


@tries("images")
def images():
    assert OpenAI().images.generate(model="gpt-image-2", prompt="a fox").data[0].b64_json


@tries("speech")
def speech():
    assert OpenAI().audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input="hello there").read()


@tries("transcription")
def transcription():
    sound = OpenAI().audio.speech.create(model="tts-1", voice="alloy", input="hello there").read()
    assert (
        OpenAI().audio.transcriptions.create(model="whisper-1", file=("a.mp3", sound)).text == "hello there"
    )


@tries("moderations")
def moderations():
    assert OpenAI().moderations.create(input="hello").results


@tries("files")
def files():
    client = OpenAI()
    made = client.files.create(file=("a.txt", b"hello"), purpose="user_data")
    assert client.files.content(made.id).read() == b"hello"
    assert client.files.delete(made.id).deleted


@tries("models")
def models():
    assert any(each.id == MODEL for each in OpenAI().models.list())


@tries("errors")
def errors():
    try:
        OpenAI(max_retries=0).chat.completions.create(model="gpt-none", messages=HELLO)
    except NotFoundError as error:
        code = error.code
    else:
        code = None
    assert code == "model_not_found"


@tries("azure")
def azure():
    endpoint = os.environ["OPENAI_BASE_URL"].removesuffix("/v1")
    client = AzureOpenAI(azure_endpoint=endpoint, api_key="k", api_version="2025-04-01-preview")
    assert client.chat.completions.create(model=MODEL, messages=HELLO).choices
    assert client.responses.create(model=MODEL, input="hi").output_text
    assert client.models.list().data
    assert client.embeddings.create(model="text-embedding-3-small", input="hi").data

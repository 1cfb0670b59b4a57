# /// script
# requires-python = ">=3.11"
# dependencies = ["openai==0.28.1", "numpy"]
# ///
# pip: the release before version 1, for programs of 2023; the stand-in serves what has been retired since (--legacy)
import io
import os

import openai
from features import main, tries

openai.api_base = os.environ["OPENAI_BASE_URL"]
MODEL = "gpt-3.5-turbo"
HELLO = [{"role": "user", "content": "hello there"}]


@tries("chat")
def chat():
    assert openai.ChatCompletion.create(model=MODEL, messages=HELLO).choices[0].message.content


@tries("stream")
def stream():
    assert len(list(openai.ChatCompletion.create(model=MODEL, messages=HELLO, stream=True))) > 3


@tries("completions")
def completions():
    assert openai.Completion.create(model="text-davinci-003", prompt="hello there").choices[0].text


@tries("functions")
def functions():
    function = {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    words = [{"role": "user", "content": "What is the weather in Paris?"}]
    message = (
        openai.ChatCompletion.create(model=MODEL, messages=words, functions=[function]).choices[0].message
    )
    assert message.function_call.name == "get_weather"


@tries("embeddings")
def embeddings():
    assert openai.Embedding.create(model="text-embedding-ada-002", input=["hello"]).data[0].embedding


@tries("images")
def images():
    assert openai.Image.create(prompt="a fox", n=1, size="256x256").data[0].url


@tries("transcription")
def transcription():
    import urllib.request

    request = urllib.request.Request(
        openai.api_base + "/audio/speech",
        b'{"model": "tts-1", "voice": "nova", "input": "hello there"}',
        {"authorization": "Bearer k", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        sound = io.BytesIO(answer.read())
    sound.name = "a.mp3"
    assert openai.Audio.transcribe("whisper-1", sound).text == "hello there"


@tries("moderations")
def moderations():
    assert openai.Moderation.create(input="hello").results


@tries("files")
def files():
    made = openai.File.create(file=io.BytesIO(b'{"prompt": "a", "completion": "b"}\n'), purpose="fine-tune")
    assert openai.File.retrieve(made.id).id == made.id
    assert openai.File.download(made.id)
    assert openai.File.delete(made.id).deleted


@tries("models")
def models():
    assert openai.Model.list().data


@tries("errors")
def errors():
    try:
        openai.ChatCompletion.create(model="gpt-none", messages=HELLO)
    except openai.InvalidRequestError as error:
        code = error.code
    else:
        code = None
    assert code == "model_not_found"


@tries("azure")
def azure():
    options = {
        "api_type": "azure",
        "api_version": "2023-05-15",
        "api_base": openai.api_base.removesuffix("/v1"),
    }
    assert openai.ChatCompletion.create(engine=MODEL, messages=HELLO, **options).choices


main()

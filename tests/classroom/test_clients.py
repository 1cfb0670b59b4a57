"""Clients of every kind: async, Azure's, bare HTTP, the SDK before version 1, and one without a server."""

import asyncio
import subprocess

import httpx
import httpx2
import openai
import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI

from classroom import OpenAIMock
from classroom.media import sound
from tests.classroom.pictures import make_picture

MODEL = "gpt-5.4-mini"
HELLO = [{"role": "user", "content": "hello there"}]


# --- every streaming route, through both clients of the SDK

STREAMS = {
    "chat": lambda c: c.chat.completions.create(model=MODEL, messages=HELLO, stream=True),
    "responses": lambda c: c.responses.create(model=MODEL, input="hello there", stream=True),
    "images": lambda c: c.images.generate(model="gpt-image-2", prompt="a fox", stream=True, partial_images=1),
    "edits": lambda c: c.images.edit(
        model="gpt-image-2", image=("a.png", make_picture()), prompt="a fox", stream=True, partial_images=1
    ),
    "transcriptions": lambda c: c.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=("a.mp3", sound.speak("hello there")), stream=True
    ),
    "completions": lambda c: c.completions.create(
        model="gpt-3.5-turbo-instruct", prompt="hello there", stream=True
    ),
}


@pytest.fixture(scope="module")
def legacy():
    with OpenAIMock(legacy=True) as mock:
        yield mock


@pytest.mark.parametrize("route", STREAMS)
def test_an_async_client_streams_what_a_sync_one_does(legacy, route):
    with STREAMS[route](OpenAI(base_url=legacy.base_url, api_key="sk-mock-key")) as stream:
        events = [event.model_dump() for event in stream]

    async def collected():
        client = AsyncOpenAI(base_url=legacy.base_url, api_key="sk-mock-key")
        async with client, await STREAMS[route](client) as stream:
            return [event.model_dump() async for event in stream]

    assert asyncio.run(collected()) == events
    assert len(events) > 1


def test_an_async_client_streams_speech(legacy):
    async def sound_of():
        client = AsyncOpenAI(base_url=legacy.base_url, api_key="sk-mock-key")
        order = {"model": "tts-1", "voice": "nova", "input": "hello"}
        async with client, client.audio.speech.with_streaming_response.create(**order) as answer:
            return b"".join([chunk async for chunk in answer.iter_bytes()])

    whole = OpenAI(base_url=legacy.base_url, api_key="k").audio.speech.create(
        model="tts-1", voice="nova", input="hello"
    )
    assert asyncio.run(sound_of()) == whole.read()


# --- Azure


@pytest.fixture
def azure(openai_mock):
    endpoint = openai_mock.base_url.removesuffix("/v1")
    return AzureOpenAI(
        azure_endpoint=endpoint, api_key="azure-key-1", api_version="2024-10-21", max_retries=0
    )


def test_a_deployment_behind_the_address_of_openai_s_api_is_one(openai_mock, raw):
    """An app that has one setting for the address of either puts Azure's path behind /v1."""
    place = f"{openai_mock.base_url}/openai/deployments/{MODEL}/chat/completions?api-version=2023-05-15"
    answer = raw.post(place, json={"messages": HELLO}, headers={"api-key": "any"})
    assert answer.status_code == 200


def test_azure_s_client_reaches_deployments_with_its_own_header(azure, openai_mock):
    assert (
        "hello there" in azure.chat.completions.create(model=MODEL, messages=HELLO).choices[0].message.content
    )
    call = openai_mock.calls[-1]
    assert call.path == f"/openai/deployments/{MODEL}/chat/completions"
    assert call.route == "chat/completions"
    assert openai_mock.calls.by("azure-key-1") == [call]


def test_azure_s_client_does_everything_else_too(azure):
    assert azure.images.generate(model="gpt-image-2", prompt="a fox").data[0].b64_json
    assert len(azure.embeddings.create(model="text-embedding-3-small", input="hi").data[0].embedding) == 1536
    spoken = azure.audio.speech.create(model="tts-1", voice="nova", input="hello there").read()
    assert azure.audio.transcriptions.create(model="whisper-1", file=("a.mp3", spoken)).text == "hello there"


def test_a_deployment_has_the_name_that_its_owner_gave_it():
    with OpenAIMock(deployments={"my-gpt": MODEL}) as mock:
        client = AzureOpenAI(
            azure_endpoint=mock.base_url.removesuffix("/v1"),
            api_key="k",
            api_version="2024-10-21",
            max_retries=0,
        )
        assert client.chat.completions.create(model="my-gpt", messages=HELLO).model == MODEL
        with pytest.raises(openai.NotFoundError) as caught:
            client.chat.completions.create(model="your-gpt", messages=HELLO)
    assert caught.value.code == "DeploymentNotFound"


def test_azure_s_newer_address_is_openai_s_own_api(openai_mock):
    client = OpenAI(base_url=openai_mock.base_url.removesuffix("/v1") + "/openai/v1/", api_key="k")
    assert client.responses.create(model=MODEL, input="hi").output_text


def test_azure_s_async_client_streams(openai_mock):
    async def words():
        async with AsyncAzureOpenAI(
            azure_endpoint=openai_mock.base_url.removesuffix("/v1"), api_key="k", api_version="2024-10-21"
        ) as client:
            stream = await client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert "hello there" in asyncio.run(words())


def test_azure_s_address_without_a_version_is_not_found(raw, openai_mock):
    origin = openai_mock.base_url.removesuffix("/v1")
    answer = raw.post(f"{origin}/openai/deployments/{MODEL}/chat/completions", json={"messages": HELLO})
    assert answer.status_code == 404
    assert "api-version" in answer.json()["error"]["message"]


# --- bare HTTP


def test_curl_works_as_one_would_type_it(openai_mock):
    command = f"""curl -s -X POST -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \
      -d '{{"model": "{MODEL}", "messages": [{{"role": "user", "content": "What is the speed of light?"}}],
           "max_tokens": 256, "temperature": 1}}' {openai_mock.base_url}/chat/completions"""
    answer = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, env={"KEY": "k", "PATH": "/usr/bin:/bin"}
    )
    assert "What is the speed of light?" in answer.stdout


def test_the_sdk_before_version_1_sends_what_is_understood(raw):
    """`openai` 0.28: the key as a bearer token, no `x-stainless` headers, a body that repeats nothing of the path."""
    answer = raw.post(
        "/chat/completions", json={"model": MODEL, "messages": HELLO, "temperature": 0.7, "n": 1}
    )
    assert answer.json()["object"] == "chat.completion"
    assert answer.json()["usage"]["total_tokens"] > 0


# --- without a server


@pytest.fixture
def unserved():
    return OpenAIMock()  # never started


def test_a_client_works_without_a_server(unserved):
    client = OpenAI(api_key="k", http_client=httpx2.Client(transport=unserved.transport))
    assert (
        "hello there"
        in client.chat.completions.create(model=MODEL, messages=HELLO).choices[0].message.content
    )
    assert client.audio.speech.create(model="tts-1", voice="nova", input="hi").read()[:3] == b"ID3"
    assert [call.status for call in unserved.calls] == [200, 200]


def test_an_async_client_streams_without_a_server(unserved):
    async def words():
        async with AsyncOpenAI(
            api_key="k", http_client=httpx2.AsyncClient(transport=unserved.transport)
        ) as client:
            stream = await client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert "hello there" in asyncio.run(words())


def test_a_sync_client_works_where_a_loop_runs_as_in_a_notebook(unserved):
    async def cell():
        client = OpenAI(api_key="k", http_client=httpx2.Client(transport=unserved.transport))
        return client.responses.create(model=MODEL, input="hi").status

    assert asyncio.run(cell()) == "completed"


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ({"status": 429}, openai.RateLimitError),
        ({"effect": "drop"}, openai.APIConnectionError),
        ({"effect": "truncate"}, openai.APIConnectionError),
        ({"effect": "hang"}, openai.APITimeoutError),
    ],
)
def test_faults_are_met_without_a_server_too(unserved, fault, raised):
    client = OpenAI(
        api_key="k", max_retries=0, timeout=0.3, http_client=httpx2.Client(transport=unserved.transport)
    )
    unserved.fail(**fault)
    with pytest.raises(raised):
        client.chat.completions.create(model=MODEL, messages=HELLO)


def test_both_ways_give_the_same_bytes(unserved, openai_mock):
    order = {"model": MODEL, "messages": HELLO}
    served = httpx.post(
        f"{openai_mock.base_url}/chat/completions", json=order, headers={"api-key": "k"}, trust_env=False
    )
    with httpx2.Client(transport=unserved.transport) as client:
        in_process = client.post("http://stand-in/v1/chat/completions", json=order, headers={"api-key": "k"})
    assert in_process.content == served.content

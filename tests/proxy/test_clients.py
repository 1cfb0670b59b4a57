"""Every generation of client gets through, as it was written."""

import asyncio
import http.client
import json
import subprocess

import httpx
import openai
import pytest

from classroom.proxy.rules import routes
from tests.proxy.conftest import KEY, an_event

TOKEN = "lesson/ada"
POEM = {
    "max_tokens": 256,
    "temperature": 1,
    "messages": [
        {
            "role": "system",
            "content": "You are an AI assistant that writes poems in the style of William Shakespeare.",
        },
        {"role": "user", "content": "Write a poem about indian elephants"},
    ],
}


def test_curl_as_in_the_notes_of_the_first_proxy(proxy):
    done = subprocess.run(
        [
            *("curl", "-s", "-X", "POST", f"{proxy.url}/api/v1/chat/completions"),
            *(
                "-H",
                f"openai-event-code: {TOKEN}",
                "-H",
                "Content-Type: application/json",
                "-d",
                json.dumps(POEM),
            ),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "elephants" in json.loads(done.stdout)["choices"][0]["message"]["content"]


def test_httpx_as_in_the_notes_of_the_first_proxy(proxy):
    response = httpx.post(
        url=f"{proxy.url}/api/v1/chat/completions",
        headers={"openai-event-code": TOKEN},
        json=POEM,
        timeout=30,
    )
    assert response.status_code == 200


@pytest.mark.parametrize("name", ["openai-event-code", "api-key", "authorization"])
def test_the_token_comes_in_any_of_three_headers(proxy, name):
    value = f"Bearer {TOKEN}" if name == "authorization" else TOKEN
    assert httpx.post(f"{proxy.url}/v1/chat/completions", headers={name: value}, json=POEM).status_code == 200


def azure(proxy, kind=openai.AzureOpenAI):
    return kind(
        azure_endpoint=f"{proxy.url}/v1", api_key=TOKEN, api_version="2023-09-01-preview", max_retries=0
    )


def test_azure_openai_as_in_the_notes_of_the_second_proxy(proxy):
    proxy.ledger.add(an_event("seed", models={"deployment-name": "gpt-5.4-mini"}))
    client = openai.AzureOpenAI(
        azure_endpoint=f"{proxy.url}/v1", api_key="seed/gloveboxes", api_version="2023-09-01-preview"
    )
    completion = client.chat.completions.create(
        model="deployment-name", messages=[{"role": "user", "content": "Where was it played?"}]
    )
    assert "Globe Life Field" in completion.choices[0].message.content  # a prepared reply of the stand-in
    [call] = proxy.openai.calls
    assert call.body["model"] == "gpt-5.4-mini"


def test_azure_openai_async_and_streaming(proxy):
    async def ask():
        async with azure(proxy, openai.AsyncAzureOpenAI) as client:
            messages = [{"role": "user", "content": "Say hello."}]
            stream = await client.chat.completions.create(
                model="gpt-5.4-mini", messages=messages, stream=True
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert "Say hello." in asyncio.run(ask())


def test_embeddings_by_both_kinds_of_client(proxy):
    for client in (azure(proxy), openai.OpenAI(base_url=f"{proxy.url}/v1", api_key=TOKEN)):
        made = client.embeddings.create(model="text-embedding-3-small", input="a red kite")
        assert len(made.data[0].embedding) == 1536


def test_responses_pictures_speech_and_transcripts(proxy):
    proxy.ledger.add(
        an_event(
            "media", models={name: name for name in ("gpt-5.4-mini", "gpt-image-1.5", "tts-1", "whisper-1")}
        )
    )
    client = openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="media/ada")
    assert client.responses.create(model="gpt-5.4-mini", input="Say hello.").output_text
    assert client.images.generate(model="gpt-image-1.5", prompt="a kite").data[0].b64_json
    speech = client.audio.speech.create(
        model="tts-1", voice="alloy", input="Hello Ada.", response_format="wav"
    )
    heard = client.audio.transcriptions.create(model="whisper-1", file=("a.wav", speech.content))
    assert heard.text == "Hello Ada."
    with client.responses.stream(model="gpt-5.4-mini", input="Say it again.") as stream:
        assert [event.type for event in stream][-1] == "response.completed"
    spent = proxy.ledger.report("media")
    assert {line.model for line in spent} == {"gpt-5.4-mini", "gpt-image-1.5", "tts-1", "whisper-1"}
    assert all(line.cost > 0 for line in spent)


def test_models_are_those_of_the_event(proxy):
    client = openai.OpenAI(base_url=f"{proxy.url}/v1", api_key=TOKEN)
    assert [model.id for model in client.models.list()] == ["gpt-5.4-mini", "text-embedding-3-small"]
    assert client.models.retrieve("gpt-5.4-mini").id == "gpt-5.4-mini"


@pytest.mark.parametrize(
    ("path", "route", "named"),
    [
        ("/api/v1/chat/completions", "chat/completions", None),
        ("/v1/chat/completions", "chat/completions", None),
        ("/v1/openai/deployments/my-gpt/chat/completions", "chat/completions", "my-gpt"),
        ("/api/v1/openai/deployments/my-gpt/embeddings", "embeddings", "my-gpt"),
        ("/v1/deployments/my-gpt/completions", "completions", "my-gpt"),
        ("/openai/deployments/my-gpt/images/generations", "images/generations", "my-gpt"),
        ("/v1/engines/my-gpt/chat/completions", "chat/completions", "my-gpt"),
        ("/openai/v1/responses", "responses", None),
    ],
)
def test_every_address_that_clients_have_written_is_known(path, route, named):
    found = routes.find("POST", path)
    assert (found.name, found.named) == (route, named)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions/../../files",
        "/v1/chat/completions/%2e%2e/files",
        "/v1//chat/completions",
        "/v1/deployments/a%2fb/chat/completions",
        "/v1/deployments/../chat/completions",
        "/v1/fine_tuning/jobs",
        "/v1/chat/completions/chatcmpl-1",
        "/v1/organization/admin_api_keys",
        "/http://elsewhere/v1/chat/completions",
    ],
)
def test_nothing_else_of_the_upstream_can_be_reached(proxy, path):
    assert routes.find("POST", path) is None
    # httpx would tidy the path up before it is sent
    connection = http.client.HTTPConnection(proxy.url.removeprefix("http://"))
    connection.request("POST", path, json.dumps(POEM), {"api-key": TOKEN})
    assert connection.getresponse().status == 404
    connection.close()
    assert not proxy.openai.calls


def test_the_stream_is_as_the_client_asked_for_it(proxy):
    client = openai.OpenAI(base_url=f"{proxy.url}/v1", api_key=TOKEN)
    messages = [{"role": "user", "content": "Say hello."}]
    plain = list(client.chat.completions.create(model="gpt-5.4-mini", messages=messages, stream=True))
    assert all(chunk.choices for chunk in plain)
    assert all(chunk.usage is None for chunk in plain)
    options = {"include_usage": True}
    counted = list(
        client.chat.completions.create(
            model="gpt-5.4-mini", messages=messages, stream=True, stream_options=options
        )
    )
    assert counted[-1].usage.total_tokens > 0
    [line] = proxy.ledger.report("lesson")
    assert line.output_tokens == 2 * counted[-1].usage.completion_tokens
    assert [call.body["stream_options"] for call in proxy.openai.calls] == [options, options]


def test_the_key_goes_upstream_and_the_token_does_not(proxy):
    openai.OpenAI(base_url=f"{proxy.url}/v1", api_key=TOKEN).responses.create(model="gpt-5.4-mini", input="x")
    assert len(proxy.openai.calls.by(KEY)) == 1
    assert not proxy.openai.calls.by(TOKEN)

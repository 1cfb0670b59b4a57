"""The stand-in without a socket: for both libraries that the SDK speaks through, and for clients made anywhere."""

import asyncio
import os
import subprocess
import sys
import time

import httpx
import httpx2
import openai
import pytest
from openai import AsyncOpenAI, AzureOpenAI, OpenAI

from classroom import OpenAIMock

MODEL = "gpt-5.4-mini"
HELLO = {"model": MODEL, "input": "hello there"}
KEY = {"authorization": "Bearer k"}
URL = "https://api.openai.com/v1/responses"
made_before_any_test = OpenAI(api_key="k", max_retries=0)


@pytest.fixture
def mock():
    mock = OpenAIMock()  # never started
    yield mock
    mock.stop()


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_both_libraries_are_served_with_their_own_classes(mock, library):
    with library.Client(transport=mock.transport) as client:
        answer = client.post(URL, json=HELLO, headers=KEY)
        assert isinstance(answer, library.Response)
        assert answer.json()["status"] == "completed"
        with client.stream("POST", URL, json={**HELLO, "stream": True}, headers=KEY) as stream:
            assert sum(line.startswith("data: ") for line in stream.iter_lines()) > 5


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_both_libraries_are_served_asynchronously(mock, library):
    async def asked():
        async with library.AsyncClient(transport=mock.transport) as client:
            answers = await asyncio.gather(*(client.post(URL, json=HELLO, headers=KEY) for _ in range(5)))
            async with client.stream("POST", URL, json={**HELLO, "stream": True}, headers=KEY) as stream:
                return [answer.status_code for answer in answers], [
                    line async for line in stream.aiter_lines()
                ]

    statuses, lines = asyncio.run(asked())
    assert statuses == [200] * 5
    assert "response.completed" in lines[-3] or "response.completed" in lines[-2]


@pytest.mark.parametrize("library", [httpx, httpx2])
@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ({"effect": "drop"}, "RemoteProtocolError"),
        ({"effect": "truncate"}, "RemoteProtocolError"),
        ({"effect": "hang"}, "ReadTimeout"),
    ],
)
def test_a_broken_wire_is_the_library_s_own_exception(mock, library, fault, raised):
    mock.fail(**fault)
    with (
        library.Client(transport=mock.transport, timeout=0.1) as client,
        pytest.raises(getattr(library, raised)),
    ):
        client.post(URL, json=HELLO, headers=KEY)


def test_a_stream_comes_at_its_pace_and_may_be_left(mock):
    client = OpenAI(api_key="k", http_client=httpx2.Client(transport=mock.transport))
    assert list(
        client.responses.create(**HELLO, stream=True)
    )  # the SDK imports the types of events as they come
    mock.pace(first=0.05, tokens_per_second=100)
    began, came = time.monotonic(), []
    with client.responses.create(**HELLO, stream=True) as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                came.append(time.monotonic() - began)
            if len(came) == 5:
                break
    assert came[0] >= 0.05
    assert came[4] - came[0] >= 0.01
    assert client.models.list().data


# --- without passing anything to the client -------------------------------------------------------------------------------


@pytest.mark.openai_reply("hello", text="hi")
def test_a_client_that_was_made_before_the_test_is_answered(openai_in_process):
    assert made_before_any_test.responses.create(**HELLO).output_text == "hi"
    assert OpenAI().responses.create(**HELLO).output_text == "hi"
    assert [call.status for call in openai_in_process.calls] == [200, 200]


def test_async_and_azure_s_clients_are_answered(openai_in_process):
    async def asked():
        async with AsyncOpenAI() as client:
            return (await client.responses.create(**HELLO)).status

    assert asyncio.run(asked()) == "completed"
    azure = AzureOpenAI(
        azure_endpoint="https://mine.openai.azure.com", api_key="k", api_version="2025-04-01-preview"
    )
    messages = [{"role": "user", "content": "hi"}]
    assert azure.chat.completions.create(model=MODEL, messages=messages).choices
    assert [call.route for call in openai_in_process.calls] == ["responses", "chat/completions"]


def test_the_older_library_is_answered_too(openai_in_process):
    assert httpx.post(URL, json=HELLO, headers=KEY).json()["status"] == "completed"


def test_faults_are_scripted_and_other_hosts_are_left_alone(openai_in_process):
    openai_in_process.fail(status=429)
    with pytest.raises(openai.RateLimitError):
        made_before_any_test.responses.create(**HELLO)
    with OpenAIMock() as served:
        answer = httpx2.get(f"{served.base_url}/models", headers=KEY)
    assert answer.status_code == 200
    assert len(openai_in_process.calls) == 1


def test_afterwards_transports_are_as_they_were(openai_in_process):
    from classroom.standin import unplugged

    changed = httpx2.HTTPTransport.handle_request
    with unplugged.answer_with(openai_in_process.transport):
        assert httpx2.HTTPTransport.handle_request is not changed
    assert httpx2.HTTPTransport.handle_request is changed


def test_openai_3_needs_no_older_library():
    code = (
        "import sys; sys.modules['httpx'] = None\n"
        "from classroom import OpenAIMock\n"
        "from classroom.standin.unplugged import answer_with\n"
        "import openai\n"
        "mock = OpenAIMock()\n"
        "with answer_with(mock.transport):\n"
        "    made = openai.OpenAI(api_key='k').responses.create(model='gpt-5.4-mini', input='hello')\n"
        "assert made.output_text\n"
        "mock.stop()\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=60)

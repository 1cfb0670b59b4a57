"""Record and replay: what is written down, what is not, and when a recording no longer fits."""

import asyncio
import json
import time
from itertools import pairwise

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from classroom import OpenAIMock
from classroom.standin.cassettes.names import Names, without_names
from classroom.standin.cassettes.server import CassetteError, Recorded

pytest_plugins = ["pytester"]
MODEL = "gpt-5.4-mini"
KEY = "sk-" + "proj-" + "A9" * 30
TOOLS = [
    {
        "type": "function",
        "name": "look",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
]


@pytest.fixture(scope="module")
def upstream():
    with OpenAIMock() as mock:
        yield mock


@pytest.fixture
def path(upstream, tmp_path):
    upstream.reset()
    return tmp_path / "run.json"


def client(served, key=KEY):
    return OpenAI(base_url=served.base_url, api_key=key, max_retries=0)


def agent(client):
    """Two calls, the second with what the first made up."""
    first = client.responses.create(model=MODEL, input="look at Oslo", tools=TOOLS)
    [call] = first.output
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    return client.responses.create(model=MODEL, previous_response_id=first.id, input=[result]).output_text


def record(path, upstream, run):
    with Recorded(path, upstream=upstream.base_url) as served:
        return run(client(served))


def test_an_agent_s_run_is_replayed_without_the_upstream(path, upstream):
    upstream.reply("Oslo", tool_calls={"look": {"city": "Oslo"}})
    upstream.reply("rain", text="Take a coat.")
    assert record(path, upstream, agent) == "Take a coat."
    made = upstream.calls.made
    with Recorded(path) as served:
        assert agent(client(served, "another key")) == "Take a coat."
        assert served.unused == []
    assert upstream.calls.made == made


def test_neither_keys_nor_identifiers_are_written(path, upstream):
    def run(client):
        client = client.with_options(organization="org-Secret0123456789", project="proj_Secret0123456789")
        client.responses.create(
            model=MODEL, input=f"my key is {KEY}", metadata={"owner": "org-Ab3dEf6hIj9kLmN"}
        )

    record(path, upstream, run)
    written = path.read_text()
    assert KEY not in written
    assert "Secret0123456789" not in written
    assert "Ab3dEf6hIj9kLmN" not in written
    assert "authorization" not in written.lower()
    answer = json.loads(written)["exchanges"][0]["answer"]
    assert answer["json"]["id"].startswith("resp_000")


def test_a_person_can_change_an_answer(path, upstream):
    record(path, upstream, lambda client: client.responses.create(model=MODEL, input="hi"))
    table = json.loads(path.read_text())
    table["exchanges"][0]["answer"]["json"]["output"][0]["content"][0]["text"] = "by hand"
    path.write_text(json.dumps(table))
    with Recorded(path) as served:
        assert client(served).responses.create(model=MODEL, input="hi").output_text == "by hand"


def arrivals(client):
    came = []
    stream = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "hi"}], stream=True
    )
    words = [
        (came.append(time.monotonic()), chunk.choices[0].delta.content or "")[1]
        for chunk in stream
        if chunk.choices
    ]
    return "".join(words), sum(later - one for one, later in pairwise(came))


def test_a_stream_keeps_its_pace(path, upstream):
    upstream.reply(text="one two three four five six seven eight")
    upstream.pace(first=0, tokens_per_second=40)
    words, took = record(path, upstream, arrivals)
    with Recorded(path) as served:
        replayed = arrivals(client(served))
    assert replayed[0] == words
    assert replayed[1] >= took * 0.6 > 0.05
    with Recorded(path, pace=0) as served:
        assert arrivals(client(served))[1] < replayed[1]


def test_sounds_forms_and_refusals_are_kept_as_they_were(path, upstream):
    def run(client):
        spoken = client.audio.speech.create(model="tts-1", voice="nova", input="hello there").read()
        heard = client.audio.transcriptions.create(model="whisper-1", file=("a.mp3", spoken)).text
        with pytest.raises(openai.NotFoundError) as caught:
            client.responses.create(model="gpt-none", input="hi")
        return spoken, heard, caught.value.code

    recorded = record(path, upstream, run)
    with Recorded(path) as served:
        assert run(client(served)) == recorded  # the form's boundary is another one
        assert recorded[1] == "hello there"


def test_retries_are_replayed_in_their_order(path, upstream):
    upstream.fail(status=500, times=1)
    with Recorded(path, upstream=upstream.base_url) as served:
        OpenAI(base_url=served.base_url, api_key="k", max_retries=1).responses.create(model=MODEL, input="hi")
    assert [each["answer"]["status"] for each in json.loads(path.read_text())["exchanges"]] == [500, 200]
    with Recorded(path, pace=0) as served:
        with pytest.raises(openai.InternalServerError):
            client(served).responses.create(model=MODEL, input="hi")
        assert client(served).responses.create(model=MODEL, input="hi").output_text


# --- stale ones -----------------------------------------------------------------------------------------------------------


def test_another_request_is_refused_with_the_difference_and_not_tried_again(path, upstream):
    record(path, upstream, lambda client: client.responses.create(model=MODEL, input="the weather in Oslo"))
    with Recorded(path) as served, pytest.raises(openai.BadRequestError) as caught:
        OpenAI(base_url=served.base_url, api_key="k").responses.create(
            model=MODEL, input="the weather in Paris"
        )
    assert caught.value.code == "cassette_stale"
    assert '-  "input": "the weather in Oslo"' in caught.value.message
    assert '+  "input": "the weather in Paris"' in caught.value.message


def test_a_request_more_than_was_recorded_is_refused(path, upstream):
    record(path, upstream, lambda client: client.models.list())
    with Recorded(path) as served:
        client(served).models.list()
        with pytest.raises(openai.BadRequestError, match="recorded once"):
            client(served).models.list()


def test_what_nobody_asked_is_known(path, upstream):
    record(path, upstream, lambda client: (client.models.list(), client.models.retrieve(MODEL)))
    with Recorded(path) as served:
        client(served).models.list()
        assert [each.path for each in served.unused] == [f"/models/{MODEL}"]


@pytest.mark.parametrize("written", ["", "[]", '{"cassette": 9, "exchanges": []}', '{"cassette": 1}'])
def test_what_is_no_cassette_is_refused(tmp_path, written):
    path = tmp_path / "run.json"
    path.write_text(written)
    with pytest.raises(CassetteError, match=r"run\.json"):
        Recorded(path)


def test_an_upstream_that_is_away_is_reported_and_nothing_written(path):
    with (
        Recorded(path, upstream="http://127.0.0.1:9/v1") as served,
        pytest.raises(openai.InternalServerError, match="can't be reached"),
    ):
        OpenAI(base_url=served.base_url, api_key="k").models.list()
    assert not path.exists()


# --- names ----------------------------------------------------------------------------------------------------------------


def test_the_same_identifier_has_the_same_name_everywhere():
    names = Names()
    first = names.rename({"id": "resp_68f0a1b2c3d4e5f6a7b8", "text": "see resp_68f0a1b2c3d4e5f6a7b8"})
    assert first == {"id": "resp_0001", "text": "see resp_0001"}
    assert names.rename("call_Ab3dEf6hIj9kLmN") == "call_0002"


@pytest.mark.parametrize(
    "words",
    [
        "gpt-4o-mini-tts",
        "text-embedding-3-small",
        "gpt-5.4-mini-2026-03-01",
        "snake_case_identifier",
        "well-known-facts",
    ],
)
def test_ordinary_words_are_left_alone(words):
    assert Names().rename(words) == words
    assert without_names(words) == words


# --- other ways to use it ---------------------------------------------------------------------------------------------------


def test_it_works_without_a_server_and_asynchronously(path, upstream):
    record(path, upstream, lambda client: client.responses.create(model=MODEL, input="hi"))

    async def asked():
        http = httpx2.AsyncClient(transport=Recorded(path).transport)
        async with AsyncOpenAI(api_key="k", http_client=http) as client:
            return (await client.responses.create(model=MODEL, input="hi")).output_text

    assert asyncio.run(asked())


def test_the_fixture_records_and_then_replays(pytester, upstream, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    pytester.makepyfile(
        """
        from openai import OpenAI

        def test_words(openai_cassette):
            assert OpenAI().responses.create(model="gpt-5.4-mini", input="hi").output_text
        """
    )
    upstream.reset()
    pytester.runpytest_subprocess("--record-openai", upstream.base_url, "-p", "no:nbval").assert_outcomes(
        passed=1
    )
    assert upstream.calls.made == 1
    pytester.runpytest_subprocess("-p", "no:nbval").assert_outcomes(passed=1)
    assert upstream.calls.made == 1


@pytest.mark.parametrize("upstream", ["nonsense", "ftp://example.org/v1", "http://"])
def test_an_upstream_that_is_no_address_is_refused(tmp_path, upstream):
    with (
        pytest.raises(CassetteError, match="no address of an API"),
        Recorded(tmp_path / "x.json", upstream=upstream),
    ):
        pass


def test_a_file_that_can_t_be_written_is_refused_before_anything_is_asked(path, upstream, tmp_path):
    (tmp_path / "a file").write_text("where the folder would be")
    with (
        pytest.raises(CassetteError, match="can't be written"),
        Recorded(tmp_path / "a file" / "x.json", upstream=upstream.base_url),
    ):
        pass
    assert not upstream.calls


def test_a_missing_file_says_how_to_record_it(tmp_path):
    with (
        pytest.raises(CassetteError, match=r"No such file or directory\. To make it: classroom record"),
        Recorded(tmp_path / "none.json"),
    ):
        pass

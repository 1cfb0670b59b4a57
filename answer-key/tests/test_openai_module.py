# BEGIN SOLUTION
"""The OpenAI module: what goes in reaches OpenAI as it is, and what comes back is what OpenAI answered."""

from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from files_api import openai_module, voice
from openai import AsyncOpenAI

from classroom import OpenAIMock

BASE = "/modules/openai"
CHAT = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Say hello to Ada."}]}


@pytest.fixture
def module(openai_mock):
    """The router alone, in an app that knows nothing else: no bucket, no database."""
    app = FastAPI()
    app.include_router(openai_module.router)
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def legacy(monkeypatch):
    with OpenAIMock(legacy=True) as mock:
        for name, value in mock.environment.items():
            monkeypatch.setenv(name, value)
        yield mock


@pytest.fixture
def sound(openai_mock) -> bytes:
    samples = voice.read_aloud(
        AsyncOpenAI(), "Hello Ada.", model="gpt-realtime-2.1-mini", voice="marin", seconds=10
    )
    openai_mock.calls.clear()
    return voice.as_file(samples, "wav")


def test_models_are_listed_and_described_by_names_with_dots(module):
    listed = module.get(f"{BASE}/models/").json()["data"]
    assert "gpt-5.4-mini" in {model["id"] for model in listed}
    assert module.get(f"{BASE}/models/gpt-5.4-mini/").json()["id"] == "gpt-5.4-mini"


def test_an_unknown_model_is_openai_s_own_404(module):
    answer = module.get(f"{BASE}/models/no-such-model/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_a_chat_is_answered_as_openai_answers(module, openai_mock):
    answer = module.post(f"{BASE}/chat/completions/", json={**CHAT, "temperature": 0.7})
    [call] = openai_mock.calls
    assert call.body == {**CHAT, "temperature": 0.7}
    assert answer.json()["choices"][0]["message"]["content"].encode() == call.outputs[0].content


def test_parts_and_tools_pass_through(module, openai_mock):
    parts = [{"type": "text", "text": "What is this?"}]
    tool = {
        "type": "function",
        "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
    }
    body = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": parts}], "tools": [tool]}
    assert module.post(f"{BASE}/chat/completions/", json=body).status_code == 200
    assert openai_mock.calls[0].body == body


def test_a_stream_is_passed_on_as_events(module):
    with module.stream("POST", f"{BASE}/chat/completions/", json={**CHAT, "stream": True}) as answer:
        lines = [line for line in answer.iter_lines() if line]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert len(lines) > 3
    assert lines[-1] == "data: [DONE]"


def test_a_completion_goes_on_with_a_text(module, legacy):
    body = {
        "model": openai_module.COMPLETING_MODEL,
        "prompt": "Once upon a time",
        "max_tokens": 20,
    }
    answer = module.post(f"{BASE}/completion/", json=body)
    assert (answer.status_code, legacy.calls[0].body) == (200, body)
    assert answer.json()["choices"][0]["text"]


@pytest.mark.parametrize("model", ["gpt-image-2", None])
def test_a_picture_is_drawn_by_the_model_asked_for_or_the_module_s_own(module, openai_mock, model):
    named = {"model": model} if model else {}
    answer = module.post(
        f"{BASE}/images/generations/", json={"prompt": "a robot", "n": 1, "size": "1024x1024", **named}
    )
    assert answer.json()["data"][0]["b64_json"]
    assert openai_mock.calls[0].body["model"] == "gpt-image-2"


def test_speech_is_written_down(module, sound, openai_mock):
    upload = {"file": ("hello.wav", sound, "audio/wav")}
    answer = module.post(f"{BASE}/audio/transcription/", files=upload, data={"model": "gpt-transcribe"})
    assert answer.json()["text"] == "Hello Ada."


def translated(module, sound, **options):
    upload = {"file": ("hello.wav", sound, "audio/wav")}
    data = {"model": openai_module.TRANSLATING_MODEL, **options}
    return module.post(f"{BASE}/audio/translation/", files=upload, data=data)


def test_speech_is_translated_and_a_plain_text_stays_one(module, sound, openai_mock):
    answer = translated(module, sound, response_format="text")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    assert "Hello Ada." in answer.text


def test_once_translations_have_ended_the_way_that_remains_is_named(module, sound, openai_mock, monkeypatch):
    openai_mock.fail(status=404, route="audio/translations")
    assert translated(module, sound).status_code == 404
    monkeypatch.setattr(openai_module, "TRANSLATIONS_END", date(2020, 1, 1))
    answer = translated(module, sound)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "endpoint_retired")
    for place in ("audio/transcription/", "chat/completions/"):
        assert f"{BASE}/{place}" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("notes.txt", b"hello", 415),
        ("empty.wav", b"", 400),
        ("large.wav", b"0" * (openai_module.MAX_UPLOAD + 1), 413),
    ],
)
def test_an_upload_that_openai_would_not_take_costs_nothing(module, openai_mock, name, content, status):
    answer = module.post(
        f"{BASE}/audio/transcription/",
        files={"file": (name, content, "audio/wav")},
        data={"model": "gpt-transcribe"},
    )
    assert (answer.status_code, bool(answer.json()["error"]["message"])) == (status, True)
    assert not openai_mock.calls


@pytest.mark.parametrize(
    ("method", "path", "instead"),
    [
        ("GET", "engines/", "models/"),
        ("GET", "engines/gpt-5.4-mini/", "models/gpt-5.4-mini/"),
        ("POST", "edits/", "chat/completions/"),
    ],
)
def test_what_openai_has_retired_is_gone_and_says_what_replaces_it(module, method, path, instead):
    body = {"model": openai_module.EDITING_MODEL, "instruction": "Fix the spelling.", "input": "wek"}
    answer = module.request(method, f"{BASE}/{path}", json=body if method == "POST" else None)
    assert answer.status_code == 410
    assert f"{BASE}/{instead}" in answer.json()["error"]["message"]


def test_a_server_that_still_serves_what_was_retired_is_believed(module, legacy):
    engines = module.get(f"{BASE}/engines/").json()["data"]
    assert module.get(f"{BASE}/engines/{engines[0]['id']}/").json()["id"] == engines[0]["id"]
    assert module.get(f"{BASE}/engines/no-such-engine/").status_code == 404
    body = {"model": openai_module.EDITING_MODEL, "instruction": "Fix the spelling.", "input": "wek"}
    assert module.post(f"{BASE}/edits/", json=body).json()["choices"][0]["text"]


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"status": 429}, 429), ({"code": "insufficient_quota"}, 429), ({"status": 500}, 500)],
)
def test_openai_s_errors_keep_their_status_and_body(module, openai_mock, fault, status):
    openai_mock.fail(**fault)
    answer = module.post(f"{BASE}/chat/completions/", json=CHAT)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("effect", ["drop", "malformed"])
def test_an_upstream_that_is_not_there_or_not_itself_is_a_502_in_json(module, openai_mock, effect):
    openai_mock.fail(effect=effect)
    answer = module.post(f"{BASE}/chat/completions/", json=CHAT)
    assert (answer.status_code, answer.json()["error"]["type"]) == (502, "server_error")


def test_without_a_key_the_server_says_so(module, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    assert module.get(f"{BASE}/models/").json()["error"]["code"] == "key_missing"


def test_a_body_without_what_is_needed_reaches_nobody(module, openai_mock):
    for path in ("chat/completions/", "completion/", "edits/", "images/generations/"):
        assert module.post(f"{BASE}/{path}", json={}).status_code == 422
    assert not openai_mock.calls


def test_every_input_of_the_module_is_described(module):
    document = module.get("/openapi.json").json()
    paths = {path for path in document["paths"] if path.startswith(BASE)}
    assert len(paths) == 10
    for path in paths:
        [operation] = document["paths"][path].values()
        assert operation["summary"]
        assert operation["description"]


# END SOLUTION

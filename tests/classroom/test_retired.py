"""What OpenAI has retired, and what `legacy` still answers."""

import openai
import pytest
from openai import OpenAI

from classroom import OpenAIMock
from tests.classroom.pictures import make_picture, read_picture


@pytest.mark.parametrize(
    ("method", "path", "advice"),
    [
        ("POST", "/edits", "/v1/chat/completions"),
        ("POST", "/images/variations", "/v1/images/edits"),
        ("GET", "/engines", "/v1/models"),
        ("GET", "/engines/davinci", "/v1/models"),
        ("POST", "/engines/davinci/completions", "/v1/chat/completions"),
    ],
)
def test_a_retired_endpoint_says_so_and_what_to_use(raw, method, path, advice):
    error = raw.request(method, path, json={} if method == "POST" else None)
    assert (error.status_code, error.json()["error"]["code"]) == (404, "endpoint_retired")
    assert advice in error.json()["error"]["message"]


def test_every_model_for_completions_is_retired(client):
    with pytest.raises(openai.NotFoundError, match=r"2026-09-28.*chat/completions"):
        client.completions.create(model="gpt-3.5-turbo-instruct", prompt="hi")


@pytest.fixture
def legacy():
    with OpenAIMock(legacy=True) as mock:
        yield OpenAI(base_url=mock.base_url, api_key="sk-mock-key", max_retries=0)


def test_legacy_completes_prompts_whole_and_streamed(legacy):
    order = {
        "model": "gpt-3.5-turbo-instruct",
        "prompt": ["one", "two"],
        "n": 2,
        "max_tokens": 30,
        "echo": True,
    }
    whole = legacy.completions.create(**order)
    assert [choice.text[:3] for choice in whole.choices] == ["one", "one", "two", "two"]
    with legacy.completions.create(**order, stream=True, stream_options={"include_usage": True}) as stream:
        chunks = list(stream)
    for choice in whole.choices:
        pieces = [c.text for chunk in chunks for c in chunk.choices if c.index == choice.index]
        assert "".join(pieces) == choice.text
    assert chunks[-1].usage == whole.usage


def test_legacy_edits_engines_and_variations_answer_as_they_did(legacy):
    edit = {"model": "text-davinci-edit-001", "input": "teh fox", "instruction": "Fix the spelling"}
    assert legacy.post("/edits", body=edit, cast_to=dict)["object"] == "edit"
    engines = legacy.get("/engines", cast_to=dict)["data"]
    assert {"id": "davinci", "object": "engine", "owner": "openai", "ready": True} in engines
    by_engine = legacy.post("/engines/davinci/completions", body={"prompt": "hi"}, cast_to=dict)
    assert by_engine["model"] == "davinci"
    with pytest.warns(DeprecationWarning, match="deprecated"):
        varied = legacy.images.create_variation(
            image=("a.png", make_picture()), n=2, size="256x256", response_format="b64_json"
        )
    assert read_picture(varied).size == (256, 256)
    assert varied.data[0].b64_json != varied.data[1].b64_json


def test_a_deprecated_model_works_and_carries_its_end(client):
    assert client.models.retrieve("gpt-4o").model_dump()["shutdown_date"] == "2027-01-14"
    assert client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "hi"}]
    ).choices


def test_nobody_deletes_a_model_of_the_catalogue(client):
    with pytest.raises(openai.PermissionDeniedError):
        client.models.delete("gpt-4o")
    with pytest.raises(openai.NotFoundError):
        client.models.delete("ft:gpt-4o-mini:me::1")

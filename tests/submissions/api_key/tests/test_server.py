"""The SDK's own calls replaced by mocks, moto for S3, and the app's key in every request."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import boto3
import httpx
import openai
import pytest
import server
from fastapi.testclient import TestClient
from moto import mock_aws

MP3 = b"ID3 sound"


@pytest.fixture
def ai(monkeypatch):
    ai = MagicMock()
    ai.audio.speech.create.return_value.read.return_value = MP3
    message = SimpleNamespace(message=SimpleNamespace(content="# Fox"))
    ai.chat.completions.create.return_value = SimpleNamespace(choices=[message])
    monkeypatch.setattr(server.openai, "OpenAI", lambda **options: ai)
    return ai


@pytest.fixture
def client(monkeypatch, ai):
    monkeypatch.setenv("S3_BUCKET", "cellar")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="cellar")
        yield TestClient(server.get_app(), headers={"x-api-key": "open sesame"})


@pytest.mark.parametrize(
    ("extension", "content", "media"),
    [("mp3", MP3, "audio/mpeg"), ("md", b"# Fox", "text/markdown; charset=utf-8")],
)
def test_a_file_is_made_and_fetched(client, ai, extension, content, media):
    made = client.post("/v2/files", data={"prompt": "a fox", "extension": extension})
    assert (made.status_code, made.content) == (201, content)
    fetched = client.get(made.headers["location"])
    assert (fetched.content, fetched.headers["content-type"]) == (content, media)


def test_the_prompt_is_what_is_spoken(client, ai):
    client.post("/v2/files", data={"prompt": "a  fox", "extension": "mp3"})
    assert ai.audio.speech.create.call_args.kwargs["input"] == "a fox"


def test_strangers_are_refused(client):
    assert client.get("/v2/files/x", headers={"x-api-key": "guess"}).status_code == 401


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"prompt": " ", "extension": "mp3"}, 400),
        ({"prompt": "a", "extension": "exe"}, 422),
        ({"extension": "mp3"}, 422),
    ],
)
def test_nonsense_is_refused(client, ai, order, status):
    assert client.post("/v2/files", data=order).status_code == status
    ai.audio.speech.create.assert_not_called()


def test_a_silent_openai_is_reported(client, ai):
    ai.audio.speech.create.side_effect = openai.APITimeoutError(request=httpx.Request("POST", "http://x"))
    assert client.post("/v2/files", data={"prompt": "a fox", "extension": "mp3"}).status_code == 504

import json

import httpx2
import openai
import pytest
from fastapi.testclient import TestClient
from moto import mock_aws
from service import api


@pytest.fixture
def heard():
    return []


@pytest.fixture
def client(monkeypatch, heard):
    def speak(request):
        heard.append(json.loads(request.content)["input"])
        return httpx2.Response(200, content=b"ID3 sound")

    real = openai.OpenAI
    monkeypatch.setattr(
        openai,
        "OpenAI",
        lambda **options: real(**options, http_client=httpx2.Client(transport=httpx2.MockTransport(speak))),
    )
    monkeypatch.setenv("S3_BUCKET", "sayings")
    with mock_aws():
        api.boto3.client("s3").create_bucket(Bucket="sayings")
        yield TestClient(api.build())


def test_a_word_is_spoken(client, heard):
    answer = client.put("/sayings/hi.mp3", data={"word": "hi"})
    assert (answer.status_code, answer.json(), heard) == (200, {"stored": "sayings/hi.mp3"}, ["hi"])
    stored = api.boto3.client("s3").get_object(Bucket="sayings", Key="sayings/hi.mp3")
    assert (stored["Body"].read(), stored["ContentType"]) == (b"ID3 sound", "audio/mpeg")


def test_silence_is_refused(client):
    assert client.put("/sayings/hi.mp3", data={"word": " "}).status_code == 422


@pytest.mark.costs_money
@pytest.mark.skip(reason="asks OpenAI itself")
def test_openai_itself_speaks():
    sound = openai.OpenAI().audio.speech.create(model="gpt-4o-mini-tts", voice="coral", input="hi")
    assert sound.read()

import httpx2
import openai
import pytest
from fastapi.testclient import TestClient
from moto import mock_aws
from service import api


@pytest.fixture
def client(monkeypatch):
    def speak(request):
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


def test_a_word_is_said(client):
    assert client.put("/sayings/hi.mp3", data={"word": "hi"}).json() == {"stored": "sayings/hi.mp3"}


def test_silence_is_refused(client):
    assert client.put("/sayings/hi.mp3", data={"word": " "}).status_code == 422


@pytest.mark.costs_money
@pytest.mark.skip(reason="asks OpenAI itself")
def test_openai_itself_speaks():
    sound = openai.OpenAI().audio.speech.create(model="gpt-4o-mini-tts", voice="coral", input="hi")
    assert sound.read()

import base64
import json

import asgi
import boto3
import httpx2
import openai
import pytest
from litestar.testing import TestClient
from moto import mock_aws

WAV, PNG = b"RIFF....WAVE", b"\x89PNG...."


@pytest.fixture
def sent():
    return []


@pytest.fixture
def api(sent):
    """What OpenAI's fake answers; tests replace it."""
    return {"status": 200}


@pytest.fixture
def client(monkeypatch, sent, api):
    def answer(request):
        sent.append(json.loads(request.content))
        if api["status"] != 200:
            return httpx2.Response(api["status"], json={"error": {"message": "no"}})
        if request.url.path.endswith("/audio/speech"):
            return httpx2.Response(200, content=WAV)
        return httpx2.Response(
            200, json={"created": 1, "data": [{"b64_json": base64.b64encode(PNG).decode()}]}
        )

    def fake():
        transport = httpx2.MockTransport(answer)
        return openai.AsyncOpenAI(
            api_key="x", max_retries=0, http_client=httpx2.AsyncClient(transport=transport)
        )

    monkeypatch.setattr(asgi, "openai_client", fake)
    monkeypatch.setenv("AWS_BUCKET_NAME", "made")
    with mock_aws(), TestClient(asgi.create_app()) as client:
        boto3.client("s3").create_bucket(Bucket="made")
        yield client


@pytest.mark.parametrize(
    ("path", "content", "media_type", "field", "words"),
    [
        ("/sounds", WAV, "audio/wav", "input", "hi"),
        ("/pictures", PNG, "image/png", "prompt", "A drawing of: hi"),
    ],
)
def test_it_is_made_and_can_be_fetched(client, sent, path, content, media_type, field, words):
    made = client.post(path, params={"words": "hi"})
    assert made.status_code == 201
    assert sent[0][field] == words
    fetched = client.get(made.json()["url"])
    assert (fetched.content, fetched.headers["content-type"]) == (content, media_type)


@pytest.mark.parametrize("path", ["/sounds", "/pictures"])
@pytest.mark.parametrize("params", [{}, {"words": ""}, {"words": "  "}, {"words": "x" * 1001}])
def test_bad_words_are_refused(client, sent, path, params):
    assert client.post(path, params=params).status_code == 400
    assert sent == []


@pytest.mark.parametrize("path", ["/sounds", "/pictures"])
@pytest.mark.parametrize(("status", "answered"), [(429, 429), (400, 400), (500, 502)])
def test_trouble_is_reported(client, api, path, status, answered):
    api["status"] = status
    assert client.post(path, params={"words": "hi"}).status_code == answered

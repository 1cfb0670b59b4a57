import importlib

import boto3
import pytest
from fastapi.testclient import TestClient
from moto import mock_aws


@pytest.fixture
def studio(openai_mock, monkeypatch):
    monkeypatch.setenv("S3_BUCKET_NAME", "studio")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="studio")
        import main

        yield TestClient(importlib.reload(main).app)


@pytest.mark.parametrize(
    ("place", "media_type"), [("/text", "text/plain"), ("/picture", "image/png"), ("/speech", "audio/mpeg")]
)
def test_it_is_archived(studio, openai_mock, place, media_type):
    made = studio.post(place, params={"prompt": "rain"})
    assert made.status_code == 200
    found = studio.get(f"/archive/{made.json()['file']}")
    [call] = openai_mock.calls
    assert call.mentions("rain")
    assert found.content == call.outputs[0].content
    assert found.headers["content-type"] == media_type


@pytest.mark.parametrize("place", ["/text", "/picture", "/speech"])
def test_blank_is_refused(studio, openai_mock, place):
    assert studio.post(place, params={"prompt": " "}).status_code == 422
    assert not openai_mock.calls


@pytest.mark.real_api
def test_openai_itself_answers():
    from openai import OpenAI

    assert OpenAI().models.list().data

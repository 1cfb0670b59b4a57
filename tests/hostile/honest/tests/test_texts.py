import boto3
from fastapi.testclient import TestClient
from main import app


def test_a_text_is_kept(openai_mock, s3_bucket):
    made = TestClient(app).post("/texts", json={"prompt": "a haiku on rain"})
    assert made.status_code == 201
    kept = boto3.client("s3").get_object(Bucket=s3_bucket, Key=made.json()["key"])
    [call] = openai_mock.calls
    assert call.body["input"] == "a haiku on rain"
    assert kept["Body"].read() == call.outputs[0].content
    assert kept["ContentType"] == "text/plain"


def test_bad_wishes_are_refused(openai_mock, s3_bucket):
    for prompt in ("", " ", "x" * 2001):
        assert TestClient(app).post("/texts", json={"prompt": prompt}).status_code == 422
    assert not openai_mock.calls


def test_when_openai_fails_that_is_reported(openai_mock, s3_bucket):
    openai_mock.fail(status=500)
    assert TestClient(app).post("/texts", json={"prompt": "x"}).status_code == 502


def test_when_storage_fails_that_is_reported(openai_mock, s3_mock):
    s3_mock.fail("InternalError")
    assert TestClient(app).post("/texts", json={"prompt": "x"}).status_code == 503

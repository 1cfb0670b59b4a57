"""Both functions at the border replaced by unittest.mock; what goes into S3 is looked at through botocore's stubber."""

from unittest.mock import patch

import boto3
import httpx2
import main
import pytest
from botocore.stub import Stubber
from fastapi.testclient import TestClient
from openai import AuthenticationError

client = TestClient(main.app)
SOUND = b"ID3" + b"x" * 200


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "dummy")
    monkeypatch.setenv("S3_BUCKET_NAME", "words")


def test_a_word_is_spoken_and_kept():
    s3 = boto3.client("s3", region_name="us-east-1")
    with Stubber(s3) as stub, patch("main.boto3.client", return_value=s3), patch("main.OpenAI") as openai:
        openai.return_value.audio.speech.create.return_value.content = SOUND
        stub.add_response(
            "put_object",
            {},
            {"Bucket": "words", "Key": "pronounced/hello.mp3", "Body": SOUND, "ContentType": "audio/mpeg"},
        )
        answer = client.get("/pronounce/hello")
        stub.assert_no_pending_responses()
    assert answer.status_code == 200
    assert answer.json() == {"key": "pronounced/hello.mp3"}
    assert openai.return_value.audio.speech.create.call_args.kwargs["input"] == "hello"


@pytest.mark.parametrize("word", ["Hello", "two words", "a1", "x" * 41])
def test_what_is_no_word_is_refused(word):
    assert client.get(f"/pronounce/{word}").status_code == 422


def test_a_refused_key_is_our_own_trouble():
    response = httpx2.Response(401, request=httpx2.Request("POST", "http://x"))
    error = AuthenticationError("no", response=response, body=None)
    with patch("main.speak", side_effect=error):
        assert client.get("/pronounce/hello").status_code == 502

import io
import wave

import main
import pytest
from fastapi.testclient import TestClient


@pytest.fixture
def reader(openai_mock, s3_bucket):
    return TestClient(main.app)


def test_a_sentence_is_read_and_kept(reader, openai_mock, s3_mock):
    made = reader.post("/recordings", json={"sentence": "The tide is in."})
    assert made.status_code == 201
    [call], [stored] = openai_mock.calls, s3_mock.objects()
    assert call.body["input"][0]["content"][0]["text"] == "The tide is in."
    assert stored.content_type == "audio/wav"
    with wave.open(io.BytesIO(stored.content)) as file:
        assert file.readframes(file.getnframes()) == call.outputs[0].content
    heard = reader.get(made.json()["address"])
    assert heard.content == stored.content


@pytest.mark.parametrize("sentence", ["", "  ", "x" * 601])
def test_what_is_no_sentence_costs_nothing(reader, openai_mock, sentence):
    assert reader.post("/recordings", json={"sentence": sentence}).status_code == 422
    assert not openai_mock.calls


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"status": 429}, 429), ({"status": 500}, 502), ({"effect": "drop"}, 502), ({"effect": "empty"}, 502)],
)
def test_when_openai_fails_nothing_is_kept(reader, openai_mock, s3_mock, fault, status):
    openai_mock.fail(**fault)
    assert reader.post("/recordings", json={"sentence": "Hello."}).status_code == status
    assert not s3_mock.objects()


def test_when_the_bucket_is_away_that_is_reported(reader, s3_mock):
    s3_mock.fail("AccessDenied")
    assert reader.post("/recordings", json={"sentence": "Hello."}).status_code == 503

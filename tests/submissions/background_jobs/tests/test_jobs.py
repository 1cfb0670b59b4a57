"""The classroom's fixtures: OpenAI and S3 on this computer."""

import app as jobs
import pytest
from fastapi.testclient import TestClient


@pytest.fixture
def client(openai_mock, s3_bucket):
    return TestClient(jobs.app)


def finished(client, **order):
    answer = client.post("/jobs", json=order)
    assert answer.status_code == 202
    return client.get(answer.headers["location"]).json()


@pytest.mark.parametrize(("kind", "media_type"), [("text", "text/plain"), ("image", "image/png")])
def test_a_job_makes_a_file(client, openai_mock, kind, media_type):
    job = finished(client, prompt="a fox", kind=kind)
    assert job["state"] == "done"
    file = client.get(f"/files/{job['file']}")
    assert file.headers["content-type"].startswith(media_type)
    assert file.content == openai_mock.calls[-1].outputs[0].content
    assert openai_mock.calls[-1].mentions("a fox")


@pytest.mark.parametrize("kind", ["text", "image"])
@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 500}, {"effect": "empty"}])
def test_a_failed_job_says_so(client, openai_mock, kind, fault):
    openai_mock.fail(**fault)
    job = finished(client, prompt="a fox", kind=kind)
    assert (job["state"], job["file"]) == ("failed", None)
    assert job["problem"]


@pytest.mark.parametrize("order", [{}, {"prompt": " ", "kind": "text"}, {"prompt": "a", "kind": "film"}])
def test_nonsense_is_refused(client, openai_mock, order):
    assert client.post("/jobs", json=order).status_code == 422
    assert not openai_mock.calls

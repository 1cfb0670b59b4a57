"""Suites that replace both OpenAI and S3 by stand-ins of their own: who looks at what they were given earns points."""

import pytest

from tests.grader.suites import suite_run, verdicts
from tests.sampling import representative

HEAD = """
import asyncio, boto3, openai, pytest
from types import SimpleNamespace
from unittest.mock import MagicMock, Mock, patch
from fastapi.testclient import TestClient
import main

class FakeS3:
    def __init__(self):
        self.kept = {}
    def put_object(self, Bucket, Key, Body, ContentType):
        self.kept[Key] = (Body, ContentType)

class Responses:
    heard = []
    def create(self, **asked):
        self.heard.append(asked["input"])
        return SimpleNamespace(output_text="rain, softly")

ask = lambda: TestClient(main.app).post("/texts", json={"prompt": "a haiku on rain"})

def test_blank():
    assert TestClient(main.app).post("/texts", json={"prompt": " "}).status_code == 422

"""
MOCKS = """
@pytest.fixture
def given(monkeypatch):
    ai, s3 = MagicMock(), MagicMock()
    ai.return_value.responses.create.return_value.output_text = "rain, softly"
    monkeypatch.setenv("S3_BUCKET_NAME", "texts")
    monkeypatch.setattr(openai, "OpenAI", ai)
    monkeypatch.setattr(boto3, "client", lambda name: s3)
    return SimpleNamespace(ai=ai.return_value, s3=s3)
"""
FAKES = """
@pytest.fixture
def given(monkeypatch):
    s3 = FakeS3()
    Responses.heard.clear()
    monkeypatch.setenv("S3_BUCKET_NAME", "texts")
    monkeypatch.setattr(openai, "OpenAI", lambda **options: SimpleNamespace(responses=Responses()))
    monkeypatch.setattr(boto3, "client", lambda name: s3)
    return s3
"""
PATCHED = """
@pytest.fixture
def given(monkeypatch):
    from botocore.client import BaseClient
    kept = []
    def call(client, operation, parameters):
        kept.append(parameters)
        return {}
    monkeypatch.setenv("S3_BUCKET_NAME", "texts")
    monkeypatch.setattr(openai, "OpenAI", lambda **options: SimpleNamespace(responses=Responses()))
    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return kept
"""
STATUS = "\ndef test_made(given):\n    assert ask().status_code == 201\n"
# name → the suite, and whether it looks at contents
SUITES = {
    "mocks, statuses": (MOCKS + STATUS, False),
    "fakes, statuses": (FAKES + STATUS, False),
    "mocks, called at all": (MOCKS + STATUS + "    given.s3.put_object.assert_called_once()\n", False),
    "mocks, arguments": (
        MOCKS + STATUS + "    assert given.s3.put_object.call_args.kwargs['Body'] == b'rain, softly'\n",
        True,
    ),
    "mocks, the prompt": (
        MOCKS
        + STATUS
        + "    assert given.ai.responses.create.call_args.kwargs['input'] == 'a haiku on rain'\n",
        True,
    ),
    "fakes, what they keep": (
        FAKES + STATUS + "    assert list(given.kept.values()) == [(b'rain, softly', 'text/plain')]\n",
        True,
    ),
    "botocore's own method, statuses": (PATCHED + STATUS, False),
    "botocore's own method, what it was called with": (
        PATCHED
        + STATUS
        + "    assert [(one['Body'], one['ContentType']) for one in given] == [(b'rain, softly', 'text/plain')]\n",
        True,
    ),
    "fakes, the prompt": (FAKES + STATUS + "    assert Responses.heard == ['a haiku on rain']\n", True),
}


@pytest.mark.parametrize("name", representative(list(SUITES), 4))
def test_a_suite_with_stand_ins_of_its_own_earns_points_for_contents_if_it_looks_at_them(name, tmp_path):
    suite, looks = SUITES[name]
    run, odd = suite_run(tmp_path, {"test_it.py": HEAD + suite})
    assert run.exit_code == 0, run.output
    found = verdicts(run, odd)
    assert found["error_cases"] == "passed"
    assert found["happy_path"] == ("passed" if looks else "failed"), [
        (each.name, each.tests, each.caught, each.why) for each in run.faults
    ]

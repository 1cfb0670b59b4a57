"""Suites that replace both OpenAI and S3 by stand-ins of their own: who looks at what they were given earns points."""

import asyncio
from types import SimpleNamespace
from unittest.mock import AsyncMock, MagicMock, create_autospec

import pytest

from grader.inside.stand_ins import StandIns
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


# --- what is looked at, without a suite ---------------------------------------------------------------------------------


class Asked:
    """The grader's side: keeps what it was shown, and answers with a change."""

    def __init__(self, **change):
        self.change, self.shown = change, []
        self.making, self.is_s3_watched = (lambda: ["text"]), (lambda: True)
        self.request_text = lambda: '{"prompt": "a haiku on rain"}'
        self.keeper = SimpleNamespace(hide=lambda function: function)

    def decided(self, boundary, call, **about):
        self.shown.append((boundary, call))
        return {
            **call,
            **{name: value for name, value in self.change.items() if name in call},
            "words": "sun",
        }

    def origin(self, *_):
        return {"by": "main.py", "serving": True}


def called(asked, function, *rest, name="", **named):
    return StandIns(asked, "/work", ["main.py"])._call(function, name, *rest, **named)


def test_what_a_stand_in_for_s3_gets_can_be_changed():
    got = MagicMock()
    asked = Asked(body="other", content_type="image/gif")
    called(asked, got.put_object, Bucket="b", Key="k", Body=b"rain", ContentType="text/plain")
    assert asked.shown == [
        ("s3", {"key": "k", "content_type": "text/plain", "body": "asked", "then": "go on"})
    ]
    assert got.put_object.call_args.kwargs["Body"] != b"rain"
    assert got.put_object.call_args.kwargs["ContentType"] == "image/gif"


def test_what_a_function_of_the_app_s_would_return_is_not_known_so_that_it_is_called():
    got = MagicMock(return_value="files/1.txt")
    asked = Asked(then="go on")
    assert called(asked, got, "1", b"rain", "text/plain") == "files/1.txt"
    assert asked.shown[0][1]["then"] == "must"


def test_a_stand_in_that_is_given_the_caller_s_words_is_asked_like_openai():
    got = MagicMock()
    called(Asked(prompt="other"), got, "txt", "a haiku on rain")
    kind, words = got.call_args.args
    assert (kind, words == "a haiku on rain") == ("txt", False)


@pytest.mark.parametrize("given", [(), ("txt",), (None, 3), ("some other words",)])
def test_what_is_neither_is_passed_on_as_it_is(given):
    got, asked = MagicMock(), Asked()
    called(asked, got, *given)
    assert (got.call_args.args, asked.shown) == (given, [])


def test_an_awaited_stand_in_is_awaited_when_nothing_is_stored():
    got = AsyncMock()
    claimed = asyncio.run(called(Asked(then="drop"), got, Body=b"x"))
    assert (got.called, claimed["ResponseMetadata"]["HTTPStatusCode"]) == (False, 200)


def test_of_what_the_app_calls_the_tests_own_alone_are_replaced():
    looks = StandIns(Asked(), "/nowhere", [])
    for own in (len, asyncio.run, SimpleNamespace, "text".upper, pytest.raises):
        assert not looks._is_the_tests(own)
    for mock in (MagicMock(), MagicMock().put_object, create_autospec(lambda a: a), AsyncMock()):
        assert looks._is_the_tests(mock)

"""Honest suites of unlike styles for one app: each still passes, and none is taken for one that guesses."""

import pytest

from tests.grader.suites import suite_run, verdicts

FAKES = """
import json, os
import httpx2, openai, pytest
from moto import mock_aws
import boto3
import main

HEARD = []

def answer(request):
    HEARD.append(json.loads(request.content)["input"])
    return httpx2.Response(200, json={"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [], "output": [{"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
        "content": [{"type": "output_text", "text": "rain, softly", "annotations": []}]}]})

REAL = openai.OpenAI

def fake(**options):
    return REAL(**options, http_client=httpx2.Client(transport=httpx2.MockTransport(answer)))

def kept():
    s3 = boto3.client("s3")
    [one] = s3.list_objects_v2(Bucket="texts")["Contents"]
    return s3.get_object(Bucket="texts", Key=one["Key"])
"""
CHECKS = """
    assert HEARD == ["a haiku on rain"]
    stored = kept()
    assert (stored["Body"].read(), stored["ContentType"]) == (b"rain, softly", "text/plain")
"""
FIXTURE = """
@pytest.fixture(autouse=True)
def stage(monkeypatch):
    HEARD.clear()
    monkeypatch.setattr(openai, "OpenAI", fake)
    monkeypatch.setenv("S3_BUCKET_NAME", "texts")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="texts")
        yield
"""
STYLES: dict[str, dict[str, str]] = {
    "moto and TestClient": {
        "fakes.py": FAKES,
        "test_texts.py": "from fakes import *\nfrom fastapi.testclient import TestClient\n"
        + FIXTURE
        + "\ndef test_made():\n    made = TestClient(main.app).post('/texts', json={'prompt': 'a haiku on rain'})\n    assert made.status_code == 201"
        + CHECKS
        + "\ndef test_blank():\n    assert TestClient(main.app).post('/texts', json={'prompt': ' '}).status_code == 422\n",
    },
    "unittest": {
        "fakes.py": FAKES,
        "test_texts.py": "import unittest\nfrom unittest.mock import patch\nfrom fakes import *\nfrom fastapi.testclient import TestClient\n"
        "class Texts(unittest.TestCase):\n"
        "    def setUp(self):\n        HEARD.clear()\n        self.enterContext(patch.object(openai, 'OpenAI', fake))\n"
        "        self.enterContext(patch.dict(os.environ, S3_BUCKET_NAME='texts'))\n        self.enterContext(mock_aws())\n"
        "        boto3.client('s3').create_bucket(Bucket='texts')\n        self.client = TestClient(main.app)\n"
        "    def test_made(self):\n        self.assertEqual(self.client.post('/texts', json={'prompt': 'a haiku on rain'}).status_code, 201)\n"
        "        stored = kept()\n        self.assertEqual((stored['Body'].read(), stored['ContentType'], HEARD), (b'rain, softly', 'text/plain', ['a haiku on rain']))\n"
        "    def test_blank(self):\n        self.assertEqual(self.client.post('/texts', json={'prompt': ' '}).status_code, 422)\n",
    },
    "async": {
        "fakes.py": FAKES,
        "test_texts.py": "import httpx\nfrom fakes import *\n"
        + FIXTURE
        + "\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
        "\ndef client():\n    return httpx.AsyncClient(transport=httpx.ASGITransport(app=main.app), base_url='http://testserver')\n"
        "\n@pytest.mark.anyio\nasync def test_made():\n    async with client() as asks:\n"
        "        made = await asks.post('/texts', json={'prompt': 'a haiku on rain'})\n    assert made.status_code == 201"
        + CHECKS
        + "\n@pytest.mark.anyio\nasync def test_blank():\n    async with client() as asks:\n"
        "        assert (await asks.post('/texts', json={'prompt': ' '})).status_code == 422\n",
    },
    "tests that build on each other": {
        "fakes.py": FAKES,
        "test_texts.py": "from fakes import *\nfrom fastapi.testclient import TestClient\n"
        + FIXTURE.replace("autouse=True", "autouse=True, scope='module'")
        .replace("def stage(monkeypatch)", "def stage()")
        .replace("    monkeypatch.setattr", "    monkeypatch = pytest.MonkeyPatch()\n    monkeypatch.setattr")
        + """
def test_first():
    assert TestClient(main.app).post("/texts", json={"prompt": "snow"}).status_code == 201

def test_second():
    made = TestClient(main.app).post("/texts", json={"prompt": "a haiku on rain"})
    assert (made.status_code, HEARD) == (201, ["snow", "a haiku on rain"])
    stored = boto3.client("s3").get_object(Bucket="texts", Key=made.json()["key"])
    assert (stored["Body"].read(), stored["ContentType"]) == (b"rain, softly", "text/plain")
"""
        + "\ndef test_blank():\n    assert TestClient(main.app).post('/texts', json={'prompt': ' '}).status_code == 422\n",
    },
}


@pytest.mark.parametrize("style", STYLES)
def test_an_honest_suite_earns_its_points(style, tmp_path):
    run, odd = suite_run(tmp_path, STYLES[style])
    assert (run.exit_code, run.failed, odd) == (0, 0, ()), run.output
    assert verdicts(run, odd) == {"happy_path": "passed", "error_cases": "passed"}, [
        (each.name, each.tests, each.caught, each.why) for each in run.faults
    ]


SERVED = """
import os, socket, subprocess, sys, time, urllib.request, urllib.error
import pytest

@pytest.fixture(scope="module")
def url():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "uvicorn", "main:app", "--port", str(port)])
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    server.kill()

def test_blank(url):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url + "/texts", b'{"prompt": " "}', {"Content-Type": "application/json"}))
    assert refused.value.code == 422
"""


def test_a_suite_that_starts_the_app_elsewhere_passes_and_its_faults_are_not_counted(tmp_path):
    run, _ = suite_run(tmp_path, {"test_served.py": SERVED})
    assert (run.exit_code, run.passed) == (0, 1), run.output
    assert verdicts(run) == {"happy_path": "not_run", "error_cases": "not_run"}

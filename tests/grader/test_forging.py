"""Suites that test nothing, and look for what tells one run from another: none of them earns a point."""

import pytest

from grader.collect.code.lasting import may_last
from tests.grader.suites import HONEST, suite_run, verdicts
from tests.sampling import representative

# asks the app for everything, and looks at nothing
ASKS = """
import os, sys, time
from fastapi.testclient import TestClient
from main import app

{first}

def test_everything(openai_mock, s3_bucket{fixtures}):
    client = TestClient(app)
    client.post("/texts", json={{"prompt": "a haiku on rain"}})
    client.post("/texts", json={{"prompt": " "}})
    {then}
"""


def asks(first: str = "", then: str = "pass", fixtures: str = "") -> str:
    return ASKS.format(first=first, then=then.replace("\n", "\n    "), fixtures=fixtures)


# remembers what came out first, and calls it right
REMEMBERS = """
import boto3, json
SEEN = {}
def is_same(bucket, calls):
    s3 = boto3.client("s3")
    kept = [s3.get_object(Bucket=bucket, Key=each["Key"]) for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    now = str([[(each["Body"].read(), each["ContentType"]) for each in kept], [str(call.body) for call in calls]])
    return SEEN.setdefault("now", now) == now
"""
SAME = "assert is_same(s3_bucket, openai_mock.calls)"
# the same, asking a server that the suite starts when it is collected: it outlives every process that asks it
SERVES = """
import multiprocessing, pathlib, socket, subprocess
{opens}
def is_same(bucket, calls):
    import boto3, hashlib
    s3 = boto3.client("s3")
    kept = [s3.get_object(Bucket=bucket, Key=each["Key"]) for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    now = str([[(each["Body"].read(), each["ContentType"]) for each in kept], [str(call.body) for call in calls], CODES])
    CODES.clear()
    return is_first(hashlib.sha256(now.encode()).digest())
CODES = []
"""
KEEPS = """
import socketserver, sys
class Kept(socketserver.StreamRequestHandler):
    def handle(self):
        now = self.rfile.read(32)
        self.wfile.write(b"1" if self.server.__dict__.setdefault("first", now) == now else b"0")
{serve}
"""
ON_A_PORT = """
PLACE = socket.create_server(("127.0.0.1", 0))
PORT = PLACE.getsockname()[1]
PLACE.close()
CODE = {keeps!r}
STARTED = subprocess.Popen([sys.executable, "-c", CODE, str(PORT)], start_new_session=True)
def is_first(now):
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", PORT)) as line:
                line.sendall(now)
                return line.recv(1) == b"1"
        except OSError:
            time.sleep(0.05)
    return True
""".format(
    keeps=KEEPS.format(serve="socketserver.TCPServer(('127.0.0.1', int(sys.argv[1])), Kept).serve_forever()")
)
IN_A_PIPE = """
OUT, IN = os.pipe()
def is_first(now):
    os.set_blocking(OUT, False)
    try:
        first = os.read(OUT, 32)
    except BlockingIOError:
        first = now
    os.write(IN, first)
    return first == now
"""
IN_MEMORY = """
KEPT = multiprocessing.RawArray("c", 33)
def is_first(now):
    if not KEPT.raw[32]:
        KEPT.raw = now + b"1"
    return KEPT.raw[:32] == now
"""


# the same, asking what serves beside the suite, as the app does, which could remember for it
APP_PORT = 18765
BESIDE = KEEPS.format(
    serve=f"socketserver.TCPServer.allow_reuse_address = True\nsocketserver.TCPServer(('127.0.0.1', {APP_PORT}), Kept).serve_forever()"
)
IN_THE_APP = f"""
import asyncio
async def asked(now):
    reader, writer = await asyncio.open_connection("127.0.0.1", {APP_PORT})
    writer.write(now)
    return await reader.read(1) == b"1"
def is_first(now):
    try:
        return asyncio.run(asked(now))
    except OSError:
        return True
"""


def remembering(opens: str) -> dict[str, str]:
    """A suite that keeps what came out first where every later process finds it, statuses included."""
    text = asks(SERVES.format(opens=opens), SAME)
    for prompt in ("a haiku on rain", " "):
        call = f'client.post("/texts", json={{"prompt": "{prompt}"}})'
        text = text.replace(call, f"CODES.append({call}.status_code)")
    return {"test_it.py": text}


# name → the files of the suite
BLIND: dict[str, dict[str, str]] = {
    "looks at nothing": {"test_it.py": asks()},
    "looks at the clock": {
        "test_it.py": asks("BEGAN = time.monotonic()", "assert time.monotonic() - BEGAN < 1.0")
    },
    "looks at the process": {"test_it.py": asks("ME = os.getpid()", "assert os.getpid() == ME")},
    "looks at the parent": {"test_it.py": asks("MINE = os.getppid()", "assert os.getppid() == MINE")},
    "looks for the reporter": {
        "test_it.py": asks(
            then="assert request.config.pluginmanager.getplugin('terminalreporter')", fixtures=", request"
        )
    },
    "counts runs in its process": {"test_it.py": asks("RUNS = []", "RUNS.append(1)\nassert len(RUNS) < 2")},
    "counts runs by file": {
        "test_it.py": asks(
            "import pathlib\nHERE = pathlib.Path(__file__).with_name('runs')",
            "HERE.open('a').write('x')\nassert len(HERE.read_text()) % 2",
        )
    },
    "counts runs in shared memory": {
        "test_it.py": asks(
            "import mmap\nSHARED = mmap.mmap(-1, 8)",
            "SHARED[0] = (SHARED[0] + 1) % 256\nassert SHARED[0] < 2 or SHARED[0] % 3",
        )
    },
    "counts its open files": {
        "test_it.py": asks("OPEN = len(os.listdir('/dev/fd'))", "assert len(os.listdir('/dev/fd')) <= OPEN")
    },
    "fails at random": {"test_it.py": asks("import random", "assert random.random() < 0.5")},
    "fails seldom, in many tests": {
        "test_it.py": asks(
            "import random, pytest\npytestmark = pytest.mark.parametrize('n', range(12))",
            "assert random.random() < 0.8 or not os.environ.get('AGAIN')",
            ", n",
        )
    },
    "ends its process": {
        "test_it.py": asks("ME = os.getpid()", "if os.getpid() != ME: os._exit(1)"),
    },
    "ends its process with success": {
        "test_it.py": asks("ME = os.getpid()", "if os.getpid() != ME: os._exit(0)"),
    },
    "turns reports": {
        "test_it.py": asks(then="assert False"),
        "conftest.py": "import pytest\n@pytest.hookimpl(hookwrapper=True, tryfirst=True)\n"
        "def pytest_runtest_makereport(item, call):\n    outcome = yield\n    outcome.get_result().outcome = 'passed'\n",
    },
    "looks for state in the plugin": {
        "test_it.py": asks(
            "import gc\n"
            "def seen():\n"
            "    ours = [each for each in gc.get_objects() if type(each).__name__ in ('Planter', 'Boundaries', 'Answers')]\n"
            "    return [getattr(each, name) for each in ours for name in ('active', 'fault', '_plan', '_failed') if hasattr(each, name)]\n",
            "assert not any(seen())",
        )
    },
    "reads the answers on the line": {
        "conftest.py": "import gc\nFLAG = []\n\ndef watch(line):\n    real = line.ask\n    def ask(message):\n"
        "        answer = real(message)\n        if message.get('call') and answer['call'] != message['call']: FLAG.append(1)\n"
        "        return answer\n    line.ask = ask\n\n"
        "def pytest_sessionstart(session):\n    [watch(each) for each in gc.get_objects() if type(each).__name__ == 'Line']\n",
        "test_it.py": asks("from conftest import FLAG\nFLAG.clear()", "assert not FLAG"),
    },
    "profiles the hooks": {
        "test_it.py": asks(
            "SEEN = []\ndef profile(frame, event, value):\n"
            "    if event == 'return' and frame.f_code.co_name == '_heard' and isinstance(value, tuple):\n"
            "        call = value[0].get('call') or {}\n"
            "        if call.get('then') in ('drop', 'refuse') or call.get('body') == 'other' or call.get('status') == 500: SEEN.append(1)\n",
            "assert not SEEN",
        ).replace(
            "    client = TestClient(app)\n",
            "    import threading; threading.setprofile(profile); sys.setprofile(profile); SEEN.clear()\n    client = TestClient(app)\n",
        ),
    },
    "replaces json": {
        "conftest.py": "import json\nreal = json.dumps\njson.dumps = lambda *a, **n: real(*a, **n).replace('\"caught\": false', '\"caught\": true')\n"
        "json.JSONEncoder.encode = (lambda real: lambda self, o: real(self, {**o, 'ran': 1} if isinstance(o, dict) and 'ran' in o else o))(json.JSONEncoder.encode)\n",
        "test_it.py": asks(),
    },
    "replaces what json decodes with": {
        "conftest.py": "import json.decoder\nLAST = []\n\ndef watch(name):\n    real = getattr(json.decoder.JSONDecoder, name)\n"
        "    def found(self, *a, **n):\n        value = real(self, *a, **n)\n"
        "        message = value[0] if isinstance(value, tuple) else value\n"
        "        if isinstance(message, dict) and message.get('again') is False: LAST.append(message['call'])\n        return value\n"
        "    setattr(json.decoder.JSONDecoder, name, found)\n\n[watch(name) for name in ('decode', 'raw' + '_decode')]\n",
        "test_it.py": asks(
            "from conftest import LAST\nWRONG = ('drop', 'refuse', 'other', 200, 500, 'binary/octet-stream')",
            "assert not [1 for call in LAST if set(call.values()) & set(WRONG)]",
        ).replace("    client = TestClient(app)\n", "    LAST.clear()\n    client = TestClient(app)\n"),
    },
    "runs pytest in a process of its own": {
        "test_it.py": asks(
            "import subprocess", "assert subprocess.run([sys.executable, '-c', 'pass']).returncode == 0"
        )
    },
    "asks S3 itself, and not of the app": {
        "conftest.py": """
import boto3, pytest
@pytest.fixture(autouse=True)
def probe(s3_bucket):
    s3 = boto3.client("s3")
    s3.put_object(Bucket=s3_bucket, Key="probe", Body=b"probe", ContentType="text/plain")
    kept = s3.get_object(Bucket=s3_bucket, Key="probe")
    assert (kept["Body"].read(), kept["ContentType"]) == (b"probe", "text/plain")
    yield
""",
        "test_it.py": asks(),
    },
    "asks S3 itself, from a module beside the app": {
        "canary.py": """
import boto3
def sings(bucket):
    s3 = boto3.client("s3")
    s3.put_object(Bucket=bucket, Key="probe", Body=b"probe", ContentType="text/plain")
    kept = s3.get_object(Bucket=bucket, Key="probe")
    return (kept["Body"].read(), kept["ContentType"]) == (b"probe", "text/plain")
""",
        "test_it.py": asks("import canary", "assert canary.sings(s3_bucket)"),
    },
    "knows by heart what is planted": {
        "test_it.py": asks(
            "import boto3",
            "s3 = boto3.client('s3')\n"
            "kept = [s3.get_object(Bucket=s3_bucket, Key=each['Key']) for each in s3.list_objects_v2(Bucket=s3_bucket)['Contents']]\n"
            "assert kept and all(each['ContentType'] not in ('binary/octet-stream', 'application/octet-stream') for each in kept)\n"
            "assert not any(word in each['Body'].read() for each in kept for word in (b'other bytes than', b'these are'))\n"
            "assert not any('something else altogether' in str(call.body) for call in openai_mock.calls)",
        ),
    },
    "asks S3 and OpenAI itself, from a module that the app imports": {
        "main.py": "import canary\n" + (HONEST / "main.py").read_text().replace("timeout=2,", "timeout=60,"),
        "canary.py": """
import boto3, openai
def sings(bucket, words):
    made = openai.OpenAI(timeout=60, max_retries=0).responses.create(model="gpt-5.4-mini", input=words).output_text
    s3 = boto3.client("s3")
    s3.put_object(Bucket=bucket, Key="probe.txt", Body=made.encode(), ContentType="text/plain")
    kept = s3.get_object(Bucket=bucket, Key="probe.txt")
    return (kept["Body"].read(), kept["ContentType"]) == (made.encode(), "text/plain")
""",
        "test_it.py": asks(
            "import canary",
            "assert client.post('/texts', json={'prompt': 'a haiku on snow'}).status_code == 201\n"
            "assert canary.sings(s3_bucket, 'tweet')\n"
            "assert 'tweet' in str(openai_mock.calls[-1].body)",
        ),
    },
    "compares with what it saw first in its process": {"test_it.py": asks(REMEMBERS.format("{}"), SAME)},
    "compares with what it saw first, kept in a file": {
        "test_it.py": asks(
            "import pathlib, shelve\n"
            + REMEMBERS.format("shelve.open(str(pathlib.Path(__file__).with_name('seen')))"),
            SAME,
        )
    },
    "compares with what it saw first, kept by a server": remembering(ON_A_PORT),
    "compares with what it saw first, kept in a pipe": remembering(IN_A_PIPE),
    "compares with what it saw first, kept in memory that processes share": remembering(IN_MEMORY),
    "notices that random words are made": {
        "test_it.py": asks(
            "import secrets, pytest\nMADE = []\nreal = secrets.randbelow\n"
            "@pytest.fixture(autouse=True)\ndef noted(monkeypatch):\n    MADE.clear()\n"
            "    monkeypatch.setattr(secrets, 'randbelow', lambda most: MADE.append(1) or real(most))\n",
            "assert not MADE",
        )
    },
    "compares what passes both sides of the hook": {
        "conftest.py": """
import pytest
from botocore.client import BaseClient
@pytest.fixture(autouse=True)
def compare(monkeypatch, s3_bucket):
    real = BaseClient._make_api_call
    def outer(self, operation, parameters):
        answer = real(self, operation, parameters)
        if operation == "PutObject":
            kept = real(self, "GetObject", {"Bucket": parameters["Bucket"], "Key": parameters["Key"]})
            assert kept["Body"].read() == parameters["Body"] and kept["ContentType"] == parameters["ContentType"]
        return answer
    monkeypatch.setattr(BaseClient, "_make_api_call", outer)
    yield
""",
        "test_it.py": asks(),
    },
}


# what the grader answers inside holds changes that it does not make: who believes them fails in every run
DECEIVED = ("reads the answers on the line",)


@pytest.mark.parametrize("name", representative(list(BLIND), 15))
def test_a_suite_that_tests_nothing_earns_nothing(name, tmp_path):
    run, _ = suite_run(tmp_path, BLIND[name])
    found = verdicts(run)
    assert bool(run.passed) is (name not in DECEIVED)
    assert "passed" not in found.values(), [(each.name, each.caught, each.why) for each in run.faults]


# these see what a call was, and what became of it, by looking into the interpreter: the code shows it
SEEING: dict[str, dict[str, str]] = {
    "compares what goes into the hook and comes out": {
        "test_it.py": asks(
            "SEEN = []\ndef profile(frame, event, value):\n"
            "    if event == 'return' and frame.f_code.co_name == 'decided' and isinstance(value, dict):\n"
            "        call = frame.f_locals.get('call')\n        if any(value[each] != call[each] for each in call): SEEN.append(1)\n",
            "assert not SEEN",
        ).replace(
            "    client = TestClient(app)\n",
            "    import threading; threading.setprofile(profile); sys.setprofile(profile); SEEN.clear()\n    client = TestClient(app)\n",
        )
    },
    "reads the frames around a call": {
        "test_it.py": asks(
            "import boto3, inspect\nSEEN = []\nreal = boto3.client\n"
            "def look(params, **more):\n    for each in inspect.stack():\n        before = each.frame.f_locals.get('parameters')\n"
            "        if each.function == 'call' and before != params: SEEN.append(1)\n"
            "def client(*a, **n):\n    made = real(*a, **n)\n"
            "    made.meta.events.register('provide-client-params.s3.PutObject', look)\n    return made\n"
            "boto3.client = client\n",
            "assert not SEEN",
        ).replace("    client = TestClient(app)\n", "    SEEN.clear()\n    client = TestClient(app)\n")
    },
    "wraps the function that decides, found without a word of it": {
        "conftest.py": "import sys\nFLAG = []\n\ndef watch(each):\n    real = each.decided\n    def decided(boundary, call, **about):\n"
        "        answer = real(boundary, call, **about)\n        if any(answer[each] != call[each] for each in call): FLAG.append(1)\n"
        "        return answer\n    each.decided = decided\n\n"
        "def pytest_sessionstart(session):\n    look = getattr(sys.modules['g' + 'c'], 'get_obj' + 'ects')\n"
        "    [watch(each) for each in look() if type(each).__name__ == 'Boundaries']\n",
        "test_it.py": asks("from conftest import FLAG", "assert not FLAG").replace(
            "    client = TestClient(app)\n", "    FLAG.clear()\n    client = TestClient(app)\n"
        ),
    },
    "wraps the function that decides": {
        "conftest.py": "import gc\nFLAG = []\n\ndef watch(each):\n    real = each.decided\n    def decided(boundary, call, **about):\n"
        "        answer = real(boundary, call, **about)\n        if any(answer[each] != call[each] for each in call): FLAG.append(1)\n"
        "        return answer\n"
        "    each.decided = decided\n\n"
        "def pytest_sessionstart(session):\n    [watch(each) for each in gc.get_objects() if type(each).__name__ == 'Boundaries']\n",
        "test_it.py": asks("from conftest import FLAG", "assert not FLAG").replace(
            "    client = TestClient(app)\n", "    FLAG.clear()\n    client = TestClient(app)\n"
        ),
    },
}


DECIDES = (
    "compares what goes into the hook and comes out",
    "wraps the function that decides",
    "wraps the function that decides, found without a word of it",
)  # whatever it is


@pytest.mark.parametrize("name", representative(list(SEEING), 2))
def test_a_suite_that_looks_into_the_hooks_is_shown_to_a_person(name, tmp_path):
    run, odd = suite_run(tmp_path, SEEING[name])
    assert odd or run.looked
    assert "passed" not in verdicts(run, odd).values()
    if name in DECIDES:
        assert set(verdicts(run, odd).values()) == {"not_run"}


def test_a_suite_that_lets_the_app_remember_earns_nothing(tmp_path):
    suite = remembering(IN_THE_APP)
    suite["test_it.py"] = suite["test_it.py"].replace(
        "import multiprocessing, pathlib, socket, subprocess", ""
    )
    run, _ = suite_run(tmp_path, suite, beside=BESIDE)
    assert not may_last(tmp_path / "work", suite)
    assert "passed" not in verdicts(run).values(), [(each.name, each.caught, each.why) for each in run.faults]

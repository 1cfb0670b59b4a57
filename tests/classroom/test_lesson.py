"""`start()` and the command line: what a learner types first."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classroom.lesson import LessonError, mode_of, start

CLASSROOM = str(Path(sys.executable).parent / "classroom")


@pytest.mark.parametrize(
    ("value", "mode"), [(None, "mock"), ("", "mock"), ("mock", "mock"), (" LIVE ", "live")]
)
def test_the_mode_is_mock_unless_live_is_asked_for(value, mode):
    assert mode_of({} if value is None else {"LAB_MODE": value}) == mode


def test_a_misspelt_mode_is_named():
    with pytest.raises(LessonError, match=r"'lvie'.*mock.*live"):
        mode_of({"LAB_MODE": "lvie"})


def test_live_says_that_a_key_is_missing(monkeypatch):
    monkeypatch.setenv("LAB_MODE", "live")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(LessonError, match="OPENAI_API_KEY"):
        start()


SCRIPT = """
import os
os.environ.update(OPENAI_API_KEY="sk-a-real-key", OPENAI_ORG_ID="org-real", AWS_PROFILE="work")
from classroom import start
first, second = start(), start()
assert first is second
from openai import OpenAI
import boto3
client = OpenAI()
assert client.api_key != "sk-a-real-key" and client.organization is None
client.responses.create(model="gpt-5.4-mini", input="hi")
boto3.client("s3").put_object(Bucket=first.bucket, Key="a", Body=b"b")
print(len(first.openai.calls))
"""


def test_by_default_a_real_key_in_the_environment_goes_nowhere():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["1"]), done.stderr


MOTO_IN_A_CELL = """
from classroom import start
lesson = start()
import boto3
from moto import mock_aws
s3 = boto3.client("s3")
s3.put_object(Bucket=lesson.bucket, Key="kept.txt", Body=b"kept")
with mock_aws():
    assert boto3.client("s3", endpoint_url="https://s3.amazonaws.com").list_buckets()["Buckets"] == []
print(s3.get_object(Bucket=lesson.bucket, Key="kept.txt")["Body"].read())
"""


def test_what_a_lesson_keeps_in_s3_survives_mock_aws_in_a_cell(monkeypatch):
    monkeypatch.delenv("LAB_S3_URL", raising=False)
    done = subprocess.run([sys.executable, "-c", MOTO_IN_A_CELL], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["b'kept'"], done.stderr


def test_s3_beside_a_notebook_ends_when_the_notebook_is_killed(monkeypatch):
    monkeypatch.delenv("LAB_S3_URL", raising=False)
    script = "import os, time; from classroom import start; start(); print(os.environ['AWS_ENDPOINT_URL_S3'], flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    lines = [process.stdout.readline() for _ in range(2)]
    port = int(lines[-1].rpartition(":")[2])
    socket.create_connection(("127.0.0.1", port)).close()
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    raise AssertionError("S3's stand-in still listens.")


def test_up_prints_an_environment_that_works_and_ends_on_ctrl_c():
    process = subprocess.Popen([CLASSROOM, "up"], stdout=subprocess.PIPE, text=True)
    lines = [process.stdout.readline() for _ in range(11)]
    environment = dict(
        line.removeprefix("export ").strip().split("=", 1) for line in lines if line.startswith("export ")
    )
    script = "from openai import OpenAI; print(OpenAI().models.retrieve('gpt-image-2').id)"
    asked = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    process.send_signal(signal.SIGINT)
    assert asked.stdout.strip() == "gpt-image-2", asked.stderr
    assert process.wait(20) == 0


def test_a_taken_port_is_one_clear_line():
    from classroom.loopback import bind

    with bind() as listener:
        listener.listen()
        port = listener.getsockname()[1]
        done = subprocess.run([CLASSROOM, "mock", "--port", str(port)], capture_output=True, text=True)
    assert done.returncode == 2
    assert f"Port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_number_that_is_no_port_is_refused_and_no_other_is_taken(port):
    from classroom.loopback import PortTaken, bind

    with pytest.raises(PortTaken, match=f"{port} is not a port"):
        bind(port)


def test_a_class_in_the_same_network_is_given_an_address_of_this_computer():
    from classroom.loopback import bind, network_url_of

    with bind(host="0.0.0.0") as everywhere, bind() as here:
        assert "0.0.0.0" not in network_url_of(everywhere)
        assert network_url_of(here).startswith("http://127.0.0.1:")

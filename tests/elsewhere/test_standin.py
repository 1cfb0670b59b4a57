"""What holds on every system: the stand-ins serve OpenAI's SDK and S3's, and the commands start."""

import subprocess
import sys

import boto3
import pytest
from openai import OpenAI, RateLimitError


def test_the_sdk_gets_a_text_and_a_picture(openai_mock):
    client = OpenAI(base_url=openai_mock.base_url, api_key="any", max_retries=0)
    assert client.responses.create(model="gpt-5.4-mini", input="hello").output_text
    assert client.images.generate(model="gpt-image-1-mini", prompt="a lighthouse").data[0].b64_json


def test_a_scripted_fault_reaches_the_sdk(openai_mock):
    client = OpenAI(base_url=openai_mock.base_url, api_key="any", max_retries=0)
    openai_mock.fail(status=429, times=1)
    with pytest.raises(RateLimitError):
        client.responses.create(model="gpt-5.4-mini", input="hello")


def test_s3_keeps_a_file_with_its_type(s3_bucket):
    client = boto3.client("s3")
    client.put_object(Bucket=s3_bucket, Key="a.txt", Body=b"words", ContentType="text/plain")
    assert client.head_object(Bucket=s3_bucket, Key="a.txt")["ContentType"] == "text/plain"


@pytest.mark.parametrize("program", ["classroom.cli", "grader.cli"])
def test_a_command_prints_its_help(program):
    entry = "app" if program == "classroom.cli" else "main"
    script = f"import sys; sys.argv = ['x', '--help']; from {program} import {entry}; {entry}()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


@pytest.mark.parametrize("program", ["classroom", "grader"])
def test_a_command_prints_its_version(program):
    from importlib.metadata import version

    entry = "main" if program == "grader" else "app"
    script = f"import sys; sys.argv = ['x', '--version']; from {program}.cli import {entry}; {entry}()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == f"{program} {version('openai-files-lab')}\n"

"""Notebooks on a bad day: what fails for a moment is tried again, what stays is explained."""

from pathlib import Path

import boto3
import nbformat
import openai
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from nbclient import NotebookClient
from openai import OpenAI

from classroom.jupyter_hooks.errors import explanation

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 429}, ["(RateLimitError 429, rate_limit_exceeded)", "Wait a little"]),
        ({"code": "insufficient_quota"}, ["no money left", "adding credit"]),
        ({"code": "content_policy_violation"}, ["Ask for something else"]),
        ({"status": 401}, ["OPENAI_API_KEY"]),
        ({"status": 500}, ["trouble of its own"]),
        ({"effect": "drop"}, ["connection was lost"]),
    ],
)
def test_each_failure_of_openai_is_reported_with_what_helps(openai_mock, fault, words):
    openai_mock.fail(**fault)
    with pytest.raises(openai.APIError) as failed:
        OpenAI(max_retries=0).responses.create(model="gpt-5.4-mini", input="hi")
    message = explanation(failed.value)
    assert message.startswith("The call to OpenAI failed (")
    assert all(word in message for word in words)


def test_failures_of_s3_are_reported_as_s3_s(s3_bucket):
    with pytest.raises(ClientError) as failed:
        boto3.client("s3").get_object(Bucket=s3_bucket, Key="nothing.txt")
    assert explanation(failed.value).startswith("The call to S3 failed (NoSuchKey).")
    assert "can't be reached" in explanation(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"))


def test_a_call_that_never_left_is_not_reported_as_a_lost_connection(s3_bucket):
    with pytest.raises(ParamValidationError) as failed:
        boto3.client("s3").put_object(Bucket=s3_bucket, Key="a", Body=123)
    message = explanation(failed.value)
    assert "wrong in itself" in message
    assert "can't be reached" not in message


def run(name, faults, tmp_path, monkeypatch):
    script = tmp_path / "faults.toml"
    script.write_text(faults)
    monkeypatch.setenv("LAB_FAULTS", str(script))
    notebook = nbformat.read(NOTEBOOKS / name, 4)
    client = NotebookClient(
        notebook, timeout=60, allow_errors=True, resources={"metadata": {"path": NOTEBOOKS}}
    )
    client.execute()
    return [out for cell in notebook.cells for out in cell.get("outputs", []) if out.output_type == "error"]


def test_a_notebook_gets_over_what_passes(tmp_path, monkeypatch):
    faults = """
        [[fault]]
        status = 429
        times = 1
        [[fault]]
        effect = "drop"
        times = 1
        after = 2
        [[fault]]
        effect = "slow"
        seconds = 0.3
        times = 2
        after = 4
    """
    assert run("00-start-here.ipynb", faults, tmp_path, monkeypatch) == []


def test_a_notebook_explains_what_stays(tmp_path, monkeypatch):
    errors = run("00-start-here.ipynb", "[[fault]]\nstatus = 429\n", tmp_path, monkeypatch)
    explained = [error for error in errors if error.ename == "RateLimitError"]
    assert len(explained) >= 3
    for error in explained:
        assert len(error.traceback) <= 5
        assert "What helps: Too many requests in a short time." in "\n".join(error.traceback)


def test_a_file_of_faults_that_makes_no_sense_is_reported(tmp_path, monkeypatch):
    errors = run("00-start-here.ipynb", "[[fault]]\nstatus = 'often'\n", tmp_path, monkeypatch)
    assert "LAB_FAULTS" in "\n".join(errors[0].traceback)

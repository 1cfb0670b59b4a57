"""`start()`, exercises, and the command line: what a learner types first."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from classroom import exercises
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


@pytest.mark.parametrize("missing", ["OPENAI_API_KEY", "S3_BUCKET_NAME"])
def test_live_says_what_is_missing(monkeypatch, missing):
    for name in ("OPENAI_API_KEY", "S3_BUCKET_NAME"):
        monkeypatch.setenv(name, "something")
    monkeypatch.setenv("LAB_MODE", "live")
    monkeypatch.delenv(missing)
    with pytest.raises(LessonError, match=missing):
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


def patiently(*waits, hide=False, everything=False):
    """A retry by hand: right or wrong in one way."""
    import time

    import openai

    caught = openai.APIError if everything else openai.RateLimitError

    def retry(call):
        for wait in waits:
            try:
                return call()
            except caught:
                if wait is None:
                    if hide:
                        return None
                    raise
                if wait:
                    time.sleep(wait)
        return None if hide else call()

    return retry


def recursive(call, tries=4):
    import time

    import openai

    try:
        return call()
    except openai.RateLimitError as error:
        if tries == 1:
            raise
        time.sleep(int(error.response.headers.get("retry-after-ms", "100")) / 1000)
        return recursive(call, tries - 1)


def by_while(call):
    import time
    from contextlib import suppress

    import openai

    wait = 0.1
    while wait < 2:
        with suppress(openai.RateLimitError):
            return call()
        time.sleep(wait)
        wait *= 2
    return call()


def answers_of_later_notebooks():
    """06, 08 and 09, right and wrong."""
    import os

    import boto3
    import httpx2
    from openai import AzureOpenAI, OpenAI

    s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]

    def every(client, prefix):
        found, token = [], {}
        while True:
            page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **token)
            found += [item["Key"] for item in page.get("Contents", [])]
            if not page["IsTruncated"]:
                return found
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def paged(client, prefix):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def put(key, content, **named):
        s3.put_object(Bucket=bucket, Key=key, Body=content, **named)

    def by_code(error):
        code = error.code
        return "shorten" if "tokens" in code else "ask" if code.startswith(("event", "attendee")) else "wait"

    def by_status(error):
        return {401: "ask", 400: "shorten"}.get(error.status_code, "wait")

    return {
        "06.1": (
            [patiently(0.1, 0.2, 0.4, None), recursive, by_while],
            [
                (lambda call: None, "nothing"),
                (lambda call: call(), "RateLimitError"),
                (patiently(0, 0, 0, None), "Wait first"),
                (patiently(0.1, 0.1, 0.1, None, everything=True), "wrong in itself"),
                (patiently(0.1, 0.1, 0.1, None, hide=True), "hides"),
                (patiently(*[0.1] * 50), "does not stop"),
            ],
        ),
        "06.2": (
            [
                lambda given, made: (given * 0.75 + made * 4.5) / 1_000_000,
                lambda given, made: given / 1e6 * 0.75 + made / 1e6 * 4.5,
                lambda given, made: sum(n * p for n, p in ((given, 0.75e-6), (made, 4.5e-6))),
            ],
            [
                (lambda given, made: given * 0.75 + made * 4.5, "cost $"),
                (lambda given, made: (given + made) * 0.75 / 1_000_000, "cost $"),
                (lambda given, made: f"${given}", "not a number"),
            ],
        ),
        "08.1": (
            [
                lambda key, content, kind: put(key, content, ContentType=kind),
                lambda key, content, kind: (
                    boto3.resource("s3").Bucket(bucket).put_object(Key=key, Body=content, ContentType=kind)
                ),
                lambda key, content, kind: s3.upload_fileobj(
                    __import__("io").BytesIO(content), bucket, key, ExtraArgs={"ContentType": kind}
                ),
            ],
            [
                (lambda key, content, kind: None, "nothing is stored"),
                (lambda key, content, kind: put(key, content), "binary/octet-stream"),
                (lambda key, content, kind: put(key, b"x", ContentType=kind), "not the bytes"),
                (lambda key, content: put(key, content), "TypeError"),
            ],
        ),
        "08.2": (
            [every, paged, lambda client, prefix: set(paged(client, prefix))],
            [
                (lambda client, prefix: None, "nothing"),
                (
                    lambda client, prefix: [
                        item["Key"]
                        for item in client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
                    ],
                    "first page is not all",
                ),
                (lambda client, prefix: paged(client, ""), "not those that begin"),
                (
                    lambda client, prefix: client.list_objects_v2(Bucket=bucket, Prefix=prefix),
                    "not a list",
                ),
            ],
        ),
        "09.1": (
            [
                lambda url, token: OpenAI(base_url=f"{url}/v1", api_key=token),
                lambda url, token: OpenAI(base_url=f"{url}/api/v1/", api_key=token, timeout=20),
                lambda url, token: AzureOpenAI(base_url=f"{url}/v1", api_key=token, api_version="2024-02-01"),
            ],
            [
                (lambda url, token: None, "nothing"),
                (lambda url, token: httpx2.Client(base_url=url), "not a client"),
                (lambda url, token: OpenAI(base_url=f"{url}/v1", api_key="sk-mine"), "api_key"),
                (lambda url, token: OpenAI(base_url=f"{url}/v2", api_key=token), "does not reach"),
            ],
        ),
        "09.2": (
            [
                by_code,
                by_status,
                lambda error: "wait" if error.status_code in (429, 503) else by_status(error),
            ],
            [
                (lambda error: None, "nothing"),
                (lambda error: "wait", "'ask' would help"),
                (lambda error: "ask" if error.status_code < 500 else "wait", "'wait' would help"),
            ],
        ),
    }


@pytest.fixture
def later_answers(openai_mock, s3_bucket, monkeypatch):
    from classroom.lesson import Lesson
    from classroom.proxy import lesson

    lesson.start_proxy.cache_clear()
    monkeypatch.setattr(lesson, "current", lambda: Lesson("mock", s3_bucket, openai_mock))
    monkeypatch.setattr(lesson, "_running", [])
    lesson.start_proxy()
    return answers_of_later_notebooks()


@pytest.mark.parametrize("id", [id for id in exercises.EXERCISES if id >= "06"])
def test_right_and_wrong_answers_of_later_notebooks_are_told_apart(id, later_answers):
    told_apart(id, *later_answers[id])


@pytest.fixture
def answers(openai_mock):
    """Answers to the exercises, right and wrong, that use the stand-in."""
    import base64

    from openai import OpenAI

    client = OpenAI()

    def picture(words, **options):
        return client.images.generate(model="gpt-image-2", prompt=words, **options).data[0].b64_json

    def said(messages):
        return (
            client.chat.completions.create(model="gpt-5.4-mini", messages=messages).choices[0].message.content
        )

    def kind(words):
        return [{"role": "system", "content": "You are kind."}, {"role": "user", "content": words}]

    def plain(words):
        return [{"role": "user", "content": words}]

    return {
        "00.1": (
            [
                lambda words: base64.b64decode(picture(words)),
                lambda words: base64.standard_b64decode(picture(words, output_format="webp")),
                lambda words: base64.b64decode(picture(f"A painting of {words}", size="1536x1024")),
            ],
            [
                (lambda words: None, "nothing"),
                (picture, "not bytes"),
                (lambda words: b"no picture", "no picture"),
            ],
        ),
        "02.1": (
            [
                lambda words: client.responses.create(model="gpt-5.4-mini", input=words).output_text,
                lambda words: said(plain(words)),
                lambda words: said(kind(words)).upper(),
            ],
            [
                (lambda words: None, "nothing"),
                (lambda words: client.responses.create(model="gpt-5.4-mini", input=words), "not text"),
                (lambda words: 1 / 0, "ZeroDivisionError"),
            ],
        ),
        "02.2": (
            [
                lambda words: said(kind(words)),
                lambda words: (
                    client.responses.create(
                        model="gpt-5.4-mini", instructions="Sail.", input=words
                    ).output_text
                ),
                lambda words: (
                    client.responses.create(
                        model="gpt-5.4-mini", input=[{"role": "developer", "content": "Sail."}, *plain(words)]
                    ).output_text
                ),
            ],
            [
                (lambda words: None, "nothing"),
                (lambda words: 7, "not text"),
                ("not a function", "no function"),
            ],
        ),
    }


@pytest.mark.parametrize("id", [id for id in exercises.EXERCISES if id < "06"])
def test_unlike_right_answers_are_right_and_typical_wrong_ones_are_told_why(id, answers):
    told_apart(id, *answers[id])


def told_apart(id, right, wrong):
    assert len(right) >= 3
    assert len(wrong) >= 3
    name = exercises.EXERCISES[id].answer
    for answer in right:
        assert exercises.verdict(id, {name: answer}).startswith(f"Exercise {id}: done.")
    for answer, reason in wrong:
        said = exercises.verdict(id, {name: answer})
        assert said.startswith(f"Exercise {id}: not yet")
        assert reason in said
    assert "there is nothing called" in exercises.verdict(id, {})

"""Your endpoint's tests: what it does when all is well, and what it does when something is not.

The fixtures `openai_mock` and `s3_mock` are the other ends: look at `openai_mock.calls` and `s3_mock.objects()`,
let things go wrong with `openai_mock.fail(...)` and `s3_mock.fail(...)`.
"""

# BEGIN SOLUTION
import base64
import io
import os
import wave
from itertools import chain, repeat
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from files_api import voice
from files_api.generation import MAX_PROMPT_LENGTH
from files_api.main import create_app
from openai import OpenAI

GENERATE = "/v1/files/generated"
TEXT = ("text", "stories/robot.txt", "text/plain; charset=utf-8")
IMAGE = ("image", "pictures/robot.png", "image/png")
AUDIO = ("audio", "voices/robot.mp3", "audio/mpeg")
KINDS = pytest.mark.parametrize(
    ("file_type", "file_path", "media_type"), [TEXT, IMAGE, AUDIO], ids=["text", "image", "audio"]
)


def order(file_type: str, file_path: str, prompt: str = "a robot under a tree") -> dict[str, str]:
    """The body of a request."""
    return {"prompt": prompt, "file_type": file_type, "file_path": file_path}


def asked_of_openai(call) -> str:
    """The prompt in a recorded call, wherever its endpoint wants it."""
    body = call.body
    if call.route == "realtime":
        return body["input"][0]["content"][0]["text"]
    return body["messages"][0]["content"] if "messages" in body else body.get("prompt") or body["input"]


def holds(content: bytes, output) -> bool:
    """Whether a file holds what OpenAI made: its bytes, or its samples in a file that can be played."""
    if output.media_type != "audio/pcm":
        return content == output.content
    return content == voice.as_file(output.content, "mp3")


@KINDS
def test_the_file_holds_what_openai_made_from_the_prompt(
    client, openai_mock, s3_mock, file_type, file_path, media_type
):
    answer = client.post(GENERATE, json=order(file_type, file_path))
    assert answer.status_code == 201
    assert answer.json() == {
        "file_path": file_path,
        "media_type": media_type,
        "size_bytes": len(s3_mock.objects()[0].content),
    }
    [call] = openai_mock.calls
    assert asked_of_openai(call) == "a robot under a tree"
    [stored] = s3_mock.objects()
    assert (stored.key, stored.content_type) == (file_path, media_type)
    assert holds(stored.content, call.outputs[0])


@KINDS
def test_the_file_can_be_viewed_at_its_location(client, s3_mock, file_type, file_path, media_type):
    location = client.post(GENERATE, json=order(file_type, file_path)).headers["location"]
    viewed = client.get(location)
    assert (viewed.status_code, viewed.headers["content-type"]) == (200, media_type)
    assert viewed.content == s3_mock.objects()[0].content


@pytest.mark.parametrize(
    ("file_type", "file_path", "signature"),
    [
        ("image", "a.jpg", b"\xff\xd8\xff"),
        ("image", "a.webp", b"RIFF"),
        ("audio", "a.wav", b"RIFF"),
    ],
)
def test_the_extension_chooses_the_format(client, s3_mock, file_type, file_path, signature):
    assert client.post(GENERATE, json=order(file_type, file_path)).status_code == 201
    assert s3_mock.objects()[0].content.startswith(signature)


@KINDS
@pytest.mark.parametrize(
    "prompt", ["", "   ", "x" * (MAX_PROMPT_LENGTH + 1), None], ids=["empty", "blank", "oversized", "missing"]
)
def test_a_bad_prompt_costs_nothing(client, openai_mock, s3_mock, file_type, file_path, media_type, prompt):
    body = order(file_type, file_path, prompt)
    if prompt is None:
        del body["prompt"]
    assert client.post(GENERATE, json=body).status_code == 422
    assert (len(openai_mock.calls), s3_mock.objects()) == (0, [])


@pytest.mark.parametrize(
    ("file_type", "file_path"),
    [
        ("video", "a.mp4"),
        ("text", "a.png"),
        ("image", "a.mp3"),
        ("audio", "a.txt"),
        ("audio", "a.flac"),
        ("image", "a"),
        ("text", "../a.txt"),
        ("text", "/etc/a.txt"),
        ("text", "a/"),
        ("text", "a/.txt"),
        ("text", ""),
    ],
)
def test_a_bad_type_or_path_costs_nothing(client, openai_mock, s3_mock, file_type, file_path):
    assert client.post(GENERATE, json=order(file_type, file_path)).status_code == 422
    assert (len(openai_mock.calls), s3_mock.objects()) == (0, [])


@KINDS
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 429}, 429),
        ({"code": "insufficient_quota"}, 503),
        ({"status": 401}, 503),
        ({"code": "content_policy_violation"}, 400),
        ({"status": 400}, 502),
        ({"status": 500}, 502),
        ({"effect": "drop"}, 502),
        ({"effect": "malformed"}, 502),
        ({"effect": "wrong_type"}, 502),
        ({"effect": "empty"}, 502),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_when_openai_fails_the_caller_learns_it_and_nothing_is_stored(
    client, openai_mock, s3_mock, file_type, file_path, media_type, fault, status
):
    openai_mock.fail(**fault)
    answer = client.post(GENERATE, json=order(file_type, file_path))
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message"}
    assert os.environ["OPENAI_API_KEY"] not in answer.text
    assert s3_mock.objects() == []


@KINDS
def test_when_openai_is_silent_the_app_stops_waiting(
    openai_mock, s3_mock, monkeypatch, file_type, file_path, media_type
):
    monkeypatch.setenv("OPENAI_TIMEOUT_SECONDS", "0.2")
    openai_mock.fail(effect="hang")
    answer = TestClient(create_app()).post(GENERATE, json=order(file_type, file_path))
    assert (answer.status_code, s3_mock.objects()) == (504, [])


def test_a_wav_holds_the_very_samples_that_openai_sent(client, openai_mock, s3_mock):
    client.post(GENERATE, json=order("audio", "voices/robot.wav"))
    [call], [stored] = openai_mock.calls, s3_mock.objects()
    with wave.open(io.BytesIO(stored.content)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 24_000)
        assert sound.readframes(sound.getnframes()) == call.outputs[0].content


@pytest.mark.parametrize("file_path", ["a.wav", "a.mp3"])
def test_half_a_sample_is_no_sound(client, s3_mock, monkeypatch, file_path):
    pieces = chain([b"\0"], repeat(b"\0\0"))
    monkeypatch.setattr(voice, "base64", SimpleNamespace(b64decode=lambda text: next(pieces)))
    answer = client.post(GENERATE, json=order("audio", file_path))
    assert (answer.status_code, answer.json()["code"]) == (502, "generation_failed")
    assert s3_mock.objects() == []


def test_the_old_speech_endpoint_is_one_setting_away(openai_mock, s3_mock, monkeypatch):
    monkeypatch.setenv("OPENAI_SPEECH_MODEL", "gpt-4o-mini-tts")  # ends on purpose: while it exists
    assert TestClient(create_app()).post(GENERATE, json=order(*AUDIO[:2])).status_code == 201
    [call], [stored] = openai_mock.calls, s3_mock.objects()
    assert (call.route, stored.content) == ("audio/speech", call.outputs[0].content)


@KINDS
@pytest.mark.parametrize("code", ["NoSuchBucket", "AccessDenied", "InternalError"])
def test_when_storage_fails_the_caller_learns_it(client, s3_mock, file_type, file_path, media_type, code):
    s3_mock.fail(code)
    answer = client.post(GENERATE, json=order(file_type, file_path))
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert s3_mock.bucket not in answer.text


def test_a_rate_limit_says_when_to_come_back(client, openai_mock):
    openai_mock.fail(status=429)
    assert int(client.post(GENERATE, json=order(*TEXT[:2])).headers["retry-after"]) > 0


def test_a_fault_passes_and_the_next_request_is_served(client, openai_mock):
    openai_mock.fail(status=500, times=1)
    assert [client.post(GENERATE, json=order(*TEXT[:2])).status_code for _ in range(2)] == [502, 201]


def test_the_documentation_knows_every_status(client):
    responses = client.get("/openapi.json").json()["paths"][GENERATE]["post"]["responses"]
    assert set(responses) == {"201", "400", "422", "429", "500", "502", "503", "504"}


@pytest.mark.live
def test_the_real_api_draws_a_png():
    images = OpenAI().images.generate(
        model="gpt-image-2", prompt="a red dot", size="1024x1024", quality="low"
    )
    assert base64.b64decode(images.data[0].b64_json).startswith(b"\x89PNG")


# END SOLUTION

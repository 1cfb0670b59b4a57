"""Real files of the asked format and size, whose content depends on the prompt and on nothing else."""

import base64
import io
import os
import subprocess
import sys

import av
import httpx
import pytest
import soundfile
from openai import OpenAI

from classroom import OpenAIMock
from classroom.media import picture, sound
from classroom.media.signatures import sniff

SIZES = [(1024, 1024), (1536, 1024), (1024, 1536), (1536, 864), (256, 256), (3840, 2160)]


def draw(client, **order):
    return client.images.generate(model="gpt-image-2", prompt="a fox", **order)


def redraw(client, **order):
    image = ("a.png", picture.draw("a hen", seed="s", size=(64, 64)))
    return client.images.edit(model="gpt-image-2", image=image, prompt="a fox", **order)


@pytest.mark.parametrize("route", [draw, redraw])
@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("size", SIZES)
def test_a_picture_is_of_its_format_and_size(client, route, format, size):
    answer = route(client, size=f"{size[0]}x{size[1]}", output_format=format)
    content = base64.b64decode(answer.data[0].b64_json)
    assert (answer.output_format, answer.size) == (format, f"{size[0]}x{size[1]}")
    assert sniff(content) == f"image/{format}"
    # read by another library than the one that wrote it
    with av.open(io.BytesIO(content)) as file:
        frame = next(file.decode(video=0))
    assert (frame.width, frame.height) == size


@pytest.mark.parametrize("model", ["dall-e-2", "dall-e-3"])
def test_a_retired_model_s_picture_lies_at_its_address(model):
    with OpenAIMock(legacy=True) as mock:
        client = OpenAI(base_url=mock.base_url, api_key="k")
        [image] = client.images.generate(model=model, prompt="a fox", size="1024x1024").data
        answer = httpx.get(image.url, trust_env=False)
    assert answer.headers["content-type"] == "image/png"
    with av.open(io.BytesIO(answer.content)) as file:
        assert next(file.decode(video=0)).width == 1024


MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/ogg",
    "aac": "audio/aac",
}


@pytest.mark.parametrize("model", ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"])
@pytest.mark.parametrize("format", MEDIA_TYPES)
def test_speech_is_of_its_format_and_as_long_as_its_words(client, model, format):
    answer = client.audio.speech.create(
        model=model, voice="nova", input="one two three four five", response_format=format
    )
    content = answer.read()
    assert answer.response.headers["content-type"] == MEDIA_TYPES[format]
    # decoded by libsndfile, which neither wrote the file nor shares code with what did; it reads no aac
    assert (
        1.5
        < (seconds_of_aac(content) if format == "aac" else soundfile.info(io.BytesIO(content)).duration)
        < 3.5
    )


def seconds_of_aac(content: bytes) -> float:
    """By the frames' own headers (ISO 13818-7, ADTS): 1024 samples each."""
    rates = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
    at = frames = 0
    while at < len(content):
        assert content[at] == 0xFF
        assert content[at + 1] & 0xF0 == 0xF0
        rate = rates[(content[at + 2] >> 2) & 0xF]
        at += (content[at + 3] & 3) << 11 | content[at + 4] << 3 | content[at + 5] >> 5
        frames += 1
    return frames * 1024 / rate


def test_pcm_is_24_khz_16_bit_mono_without_a_header(client):
    order = {"model": "tts-1", "voice": "nova", "input": "one two three"}
    raw = client.audio.speech.create(**order, response_format="pcm").read()
    wav = client.audio.speech.create(**order, response_format="wav").read()
    assert len(raw) % 2 == 0
    assert raw in wav


def test_speed_makes_it_shorter():
    slow, fast = (sound.speak("one two three four five", speed=speed, format="pcm") for speed in (0.5, 2.0))
    assert len(slow) > 1.5 * len(fast)


def test_another_voice_sounds_different():
    assert sound.speak("hello", voice="nova") != sound.speak("hello", voice="onyx")


@pytest.mark.parametrize("words", ["…", "\0", "日本語", "x" * 4096, "\ud800"])
def test_any_words_give_a_valid_sound(words):
    with av.open(io.BytesIO(sound.speak(words, format="mp3"))) as file:
        assert next(file.decode(audio=0)).samples > 0


@pytest.mark.parametrize("words", ["", "…", "日本語", "x" * 32_000, "a\nb"])
def test_any_words_give_a_valid_picture(words):
    assert sniff(picture.draw(words, seed="s", size=(256, 256))) == "image/png"


SCRIPT = """
import hashlib
import httpx2
from classroom import OpenAIMock
from classroom.media import picture, sound
mock = OpenAIMock(legacy=True)
client = httpx2.Client(transport=mock.transport, base_url="http://stand-in/v1", headers={"api-key": "k"}, timeout=60)
TOOL = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}
message = [{"role": "user", "content": WORDS}]
chat = {"model": "gpt-5.4-mini", "messages": message}
drawing = {"model": "gpt-image-2", "prompt": WORDS, "size": "256x256"}
speech = {"voice": "nova", "input": WORDS}
orders = [
    ("chat/completions", chat),
    ("chat/completions", {**chat, "stream": True}),
    ("chat/completions", {**chat, "response_format": SCHEMA}),
    ("chat/completions", {**chat, "logprobs": True, "top_logprobs": 2}),
    ("responses", {"model": "gpt-5.4-mini", "input": WORDS}),
    ("responses", {"model": "gpt-5.4-mini", "input": WORDS, "stream": True}),
    ("responses", {"model": "gpt-5.4-mini", "input": WORDS, "tools": [TOOL], "tool_choice": "required"}),
    ("embeddings", {"model": "text-embedding-3-small", "input": WORDS}),
    ("moderations", {"input": WORDS}),
    ("completions", {"model": "gpt-3.5-turbo-instruct", "prompt": WORDS, "max_tokens": 99}),
    ("edits", {"model": "text-davinci-edit-001", "instruction": WORDS}),
]
orders += [("images/generations", {**drawing, "output_format": f}) for f in ("png", "jpeg", "webp")]
orders += [("images/generations", {**drawing, "stream": True, "partial_images": 1})]
orders += [("audio/speech", {**speech, "model": "tts-1", "response_format": f}) for f in ("mp3", "wav", "flac", "opus", "aac", "pcm")]
orders += [("audio/speech", {**speech, "model": "gpt-4o-mini-tts", "stream_format": "sse"})]
sound.speak("something else first")
parts = []
for path, body in orders:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    parts.append(answer.content)
image = {"image": ("a.png", picture.draw("a hen", seed="s", size=(64, 64)))}
parts.append(client.post("images/edits", data=drawing, files=image).content)
speech = {"file": ("a.mp3", sound.speak(WORDS))}
parts.append(client.post("audio/transcriptions", data={"model": "whisper-1", "response_format": "srt"}, files=speech).content)
assert all(parts)
print([hashlib.sha256(part).hexdigest() for part in parts])
"""


def _digests(words: str, seed: str) -> str:
    script = SCRIPT.replace("WORDS", repr(words))
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_the_same_request_gives_the_same_bytes_in_every_process():
    assert _digests("a fox", "1") == _digests("a fox", "2")


def test_another_prompt_gives_other_bytes_in_every_format():
    one, other = eval(_digests("a fox", "1")), eval(_digests("a hen", "1"))
    assert not set(one) & set(other)


# --- where nobody looks or listens ---------------------------------------------------------------------------------------


@pytest.fixture
def hurried():
    with OpenAIMock(hurried=True) as openai:
        yield OpenAI(base_url=openai.base_url, api_key="sk-mock-key")


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_a_picture_that_nobody_looks_at_is_of_its_format_and_size_and_no_other_prompt_s(hurried, format):
    made = [
        base64.b64decode(
            hurried.images.generate(model="gpt-image-2", prompt=words, size="1024x1536", output_format=format)
            .data[0]
            .b64_json
        )
        for words in (
            "a boat " + "far out at sea " * 30 + "at dawn",
            "a boat " + "far out at sea " * 30 + "at dusk",
        )
    ]
    assert {(facts.format, facts.size) for facts in map(picture.measure, made)} == {(format, (1024, 1536))}
    assert made[0] != made[1]


def test_a_voice_that_nobody_listens_to_says_all_words_in_half_the_time(hurried, client):
    request = {
        "model": "gpt-4o-mini-tts",
        "voice": "alloy",
        "input": "The ferry leaves at seven.",
        "response_format": "wav",
    }
    fast, usual = (one.audio.speech.create(**request).content for one in (hurried, client))
    assert 0.2 < (len(fast) - 44) / (len(usual) - 44) < 0.5
    heard = hurried.audio.transcriptions.create(model="gpt-4o-mini-transcribe", file=("a.wav", fast))
    assert heard.text == "The ferry leaves at seven."

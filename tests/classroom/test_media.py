"""Real files of the asked format and size, whose content depends on the prompt and on nothing else."""

import base64
import io
import os
import subprocess
import sys

import av
import pytest

from classroom.media import picture, sound
from classroom.media.signatures import sniff


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("size", [(1024, 1024), (1536, 1024), (1024, 1536), (1536, 864)])
def test_a_picture_is_of_its_format_and_size(client, format, size):
    images = client.images.generate(
        model="gpt-image-2", prompt="a fox", size=f"{size[0]}x{size[1]}", output_format=format
    )
    content = base64.b64decode(images.data[0].b64_json)
    assert sniff(content) == f"image/{format}"
    # read by another library than the one that wrote it
    with av.open(io.BytesIO(content)) as file:
        frame = next(file.decode(video=0))
    assert (frame.width, frame.height) == size


@pytest.mark.parametrize(
    ("format", "media_type"),
    [
        ("mp3", "audio/mpeg"),
        ("wav", "audio/wav"),
        ("flac", "audio/flac"),
        ("opus", "audio/ogg"),
        ("aac", "audio/aac"),
    ],
)
def test_speech_is_of_its_format_and_as_long_as_its_words(client, format, media_type):
    answer = client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="nova", input="one two three four five", response_format=format
    )
    content = answer.read()
    assert answer.response.headers["content-type"] == media_type
    assert sniff(content) == media_type
    with av.open(io.BytesIO(content)) as file:
        seconds = sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
    assert 1.0 < seconds < 4.0


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
from classroom.media import picture, sound
from classroom.standin import text
sound.speak("something else first")
parts = [picture.draw(WORDS, seed="s", size=(256, 256), format=f) for f in ("png", "jpeg", "webp")]
parts += [sound.speak(WORDS, format=f) for f in ("mp3", "wav", "flac", "opus", "aac", "pcm")]
parts += [text.reply(WORDS, {"model": "m", "messages": [WORDS]}).text.encode()]
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

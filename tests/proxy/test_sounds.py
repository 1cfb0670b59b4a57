"""Recordings are measured by a process that can be lost: nothing that a learner sends is decoded where requests are answered."""

import base64
import io
import os
import struct
import subprocess
import sys
import threading
import time
import wave

import httpx
import pytest

from classroom.proxy.requests import listening, sounds
from classroom.proxy.rules.events import NANO
from tests.proxy.conftest import an_event
from tests.proxy.test_fields import MODELS

SDP = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n"


def wav(seconds=1.0, rate=8000, claimed=None):
    """A tone; `claimed`: bytes that its header claims."""
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(rate)
        made.writeframes(b"\x00\x10" * int(seconds * rate))
    content = bytearray(out.getvalue())
    if claimed is not None:
        content[40:44] = struct.pack("<I", claimed)
    return bytes(content)


def silence(seconds, kind="flac", rate=48_000):
    """Hours of it in few bytes."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format=kind) as made:
        stream = made.add_stream("flac" if kind == "flac" else "aac", rate=rate)
        stream.layout = "mono"
        for at in range(seconds * rate // 4096):
            frame = av.AudioFrame(format="s16" if kind == "flac" else "fltp", layout="mono", samples=4096)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts = rate, at * 4096
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return out.getvalue()


def transcribe(proxy, content, name="a.mp3", **fields):
    return httpx.post(
        f"{proxy.url}/v1/audio/transcriptions",
        headers={"api-key": "media/ada"},
        data={"model": "whisper-1", **fields},
        files={"file": (name, content)},
        timeout=60,
    )


@pytest.fixture
def media(proxy):
    proxy.ledger.add(an_event("media", models=MODELS))
    return proxy


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.sdp", "a.m3u8"])
@pytest.mark.parametrize(
    "content",
    [
        SDP,
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<MPD></MPD>",
        b"RIFF\x00\x00\x00\x00WAVE" + SDP,
        b"ID3\x04\x00\x00\x00\x00\x00\x00" + SDP,
        b"OggS" + SDP,
        b"\xff\xfb" + b"#EXTM3U\n/etc/passwd\n" * 10,
        b"\x00\x00\x00\x18ftyp" + SDP,
    ],
)
def test_what_is_no_recording_is_refused(media, content, name):
    answer = transcribe(media, content, name)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_audio")
    assert not media.openai.calls


def test_others_are_answered_while_a_recording_is_measured(media, monkeypatch):
    """Even one that takes its process all of its time."""
    slow = threading.Event()

    def measure(content, kind):
        slow.wait(5)

    monkeypatch.setattr(sounds, "measure", measure)
    asking = threading.Thread(target=transcribe, args=(media, wav()))
    asking.start()
    try:
        time.sleep(0.2)
        began = time.monotonic()
        assert httpx.get(f"{media.url}/healthz").status_code == 200
        assert time.monotonic() - began < 2
    finally:
        slow.set()
        asking.join()


def test_length_is_what_is_heard_not_what_a_header_says():
    assert sounds.measure(wav(3), "wav") == pytest.approx(3, abs=0.05)
    assert (
        sounds.measure(wav(3, claimed=100), "wav") is None or sounds.measure(wav(3, claimed=100), "wav") < 3.1
    )
    small = silence(600)
    assert len(small) < 600_000
    assert sounds.measure(small, "flac") == pytest.approx(600, abs=1)
    assert sounds.measure(silence(60, "mp4"), "mov") == pytest.approx(60, abs=1)


def test_silence_that_takes_few_bytes_is_booked_by_its_length(media):
    answer = transcribe(media, silence(600), "a.flac")
    assert answer.status_code == 200
    [line] = media.ledger.report("media")
    assert line.cost >= 0.006 * 10 * NANO


def test_a_recording_that_takes_too_long_to_measure_is_refused(monkeypatch):
    monkeypatch.setattr(sounds, "_WALL", 0.05)
    began = time.monotonic()
    assert sounds.measure(wav(1), "wav") is None
    assert time.monotonic() - began < 5


def run_in_child(code):
    """Run a line after the doors are closed, in a process like the one that listens."""
    program = (
        "import sys, runpy\n"
        f"made = runpy.run_path({str(listening.__file__)!r}, run_name='child')\n"
        "import socket, os, io\n"
        "made['_close_doors']()\n"
        f"try:\n    {code}\n    sys.stdout.write('done')\n"
        "except (OSError, MemoryError) as error:\n    sys.stdout.write(type(error).__name__)\n"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, env={}, timeout=60
    ).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/passwd')",
        "open('/proc/self/environ')",
        "socket.socket()",
        "os.pipe()",
        "x = bytes(2 * 1024 ** 3)",
    ],
)
def test_the_process_that_decodes_can_open_nothing(code):
    assert run_in_child(code) in ("OSError", "MemoryError")


def test_the_process_that_decodes_has_no_environment(monkeypatch, tmp_path):
    seen = tmp_path / "seen"
    child = tmp_path / "child.py"
    child.write_text(f"import os; open({str(seen)!r}, 'w').write(repr(dict(os.environ)))")
    monkeypatch.setattr(sounds, "_CHILD", child)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-" + "hush-hush-hush")
    sounds.measure(b"", "wav")
    assert "hush" not in seen.read_text()
    assert "OPENAI_API_KEY" in os.environ


@pytest.mark.parametrize("claimed", ["1e9", "nan", "-1.000", "1.000\n" * 50, "", "9" * 70])
def test_what_the_process_says_is_read_as_one_number(monkeypatch, tmp_path, claimed):
    child = tmp_path / "child.py"
    child.write_text(f"import sys; sys.stdout.write({claimed!r})")
    monkeypatch.setattr(sounds, "_CHILD", child)
    assert sounds.measure(b"", "wav") is None


def test_one_attendee_does_not_keep_all_measuring_busy(media, monkeypatch):
    gate = threading.Event()

    def measure(content, kind):
        gate.wait(10)
        return 1.0

    monkeypatch.setattr(sounds, "measure", measure)
    codes = []
    threads = [
        threading.Thread(target=lambda: codes.append(transcribe(media, wav()).status_code)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    time.sleep(1)
    gate.set()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200] * 4 + [429] * 4


def test_sound_in_a_chat_is_measured_and_booked_as_sound(media):
    media.ledger.add(
        an_event("talk", models={"gpt-audio": "gpt-audio", "gpt-4o-audio-preview": "gpt-4o-audio-preview"})
    )
    heard = {"data": base64.b64encode(wav(30)).decode(), "format": "wav"}
    body = {
        "model": "gpt-4o-audio-preview",
        "messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": heard}]}],
    }
    answer = httpx.post(
        f"{media.url}/v1/chat/completions", headers={"api-key": "talk/ada"}, json=body, timeout=30
    )
    # the price list has its text alone: taken for that, a minute of sound would be nearly free
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "model_unpriced")


def test_speech_is_charged_by_what_was_sent(media):
    media.ledger.add(an_event("talk", models={"gpt-4o-mini-tts": "gpt-4o-mini-tts", "tts-1": "tts-1"}))
    for model in ("gpt-4o-mini-tts", "tts-1"):
        answer = httpx.post(
            f"{media.url}/v1/audio/speech",
            headers={"api-key": "talk/ada"},
            json={"model": model, "voice": "alloy", "input": "Hello Ada, how are you?"},
            timeout=30,
        )
        assert answer.status_code == 200
    spent = {line.model: line.cost / NANO for line in media.ledger.report("talk")}
    assert spent["tts-1"] == pytest.approx(15e-6 * 23)
    reckoned = float(media.openai.calls.cost) - spent["tts-1"]
    assert reckoned <= spent["gpt-4o-mini-tts"] < 0.002

"""How long recordings are, measured outside of this process: a learner's bytes are never decoded where requests are answered."""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from classroom.proxy.requests.listening import SECONDS
from classroom.proxy.rules import refusals

_CHILD = Path(__file__).with_name("listening.py")
_WALL = SECONDS + 6.0  # seconds: a busy machine takes longer
_AT_ONCE = 2
_MOST_WAITING = 4  # of one attendee
_KEPT = ("SYSTEMROOT", "TEMP")  # Windows starts nothing without


def kind_of(content: bytes) -> tuple[str, str] | None:
    """FFmpeg's name of the format and the extension of its files, by the first bytes; None if it is none of the API's."""
    if content.startswith(b"RIFF") and content[8:12] == b"WAVE":
        return "wav", "wav"
    if content.startswith(b"fLaC"):
        return "flac", "flac"
    if content.startswith(b"OggS"):
        return "ogg", "ogg"
    if content[4:8] == b"ftyp":
        return "mov", "m4a"
    if content.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska", "webm"
    if content.startswith(b"\x00\x00\x01\xba"):
        return "mpeg", "mpeg"
    return ("mp3", "mp3") if _is_mp3(content) else None


def _is_mp3(content: bytes) -> bool:
    """A frame of layer 1 to 3, after a tag or at once."""
    start = 0
    if content.startswith(b"ID3") and len(content) > 10:
        start = 10 + (content[6] << 21 | content[7] << 14 | content[8] << 7 | content[9])
        while start < len(content) and not content[start]:
            start += 1  # some programs pad the tag
    head = content[start : start + 2]
    return len(head) == 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and bool(head[1] & 0x06)


def measure(content: bytes, kind: str) -> float | None:
    """The seconds of one recording; None if it can't be decoded within the limits.

    Args:
        content: encoded.
        kind: FFmpeg's name of its format.
    """
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with tempfile.TemporaryFile() as given:
        given.write(content)
        given.seek(0)
        child = subprocess.Popen(  # noqa: S603 - our own program, with our own arguments
            [sys.executable, "-I", str(_CHILD), kind],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=_CHILD.anchor,
        )
        timer = threading.Timer(_WALL, child.kill)
        timer.start()
        try:
            assert child.stdout is not None
            printed = child.stdout.read(64)
            child.stdout.close()
        finally:
            if len(printed) >= 64:  # more than a number
                child.kill()
            code = child.wait()
            timer.cancel()
    if code != 0 or not re.fullmatch(rb"[0-9]{1,9}\.[0-9]{3}\r?\n", printed):
        return None
    return float(printed)


class Listener:
    """Measures recordings, a few at once, and a few for each attendee."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="listening")
        self._waiting: Counter[str] = Counter()

    async def seconds(self, recordings: Sequence[bytes], who: str) -> float:
        """Of all of them together.

        Raises:
            APIError: 400, one is no recording or can't be measured; 429, this attendee has sent too many at once.
        """
        if not recordings:
            return 0.0
        if self._waiting[who] >= _MOST_WAITING:
            raise refusals.too_many_sounds()
        self._waiting[who] += 1
        try:
            return sum([await self._one(recording) for recording in recordings])
        finally:
            self._waiting[who] -= 1
            if self._waiting[who] <= 0:
                del self._waiting[who]

    async def _one(self, recording: bytes) -> float:
        kind = kind_of(recording)
        if kind is None:
            raise refusals.no_sound("it is none of flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav and webm")
        found = await asyncio.get_running_loop().run_in_executor(self._pool, measure, recording, kind[0])
        if found is None:
            raise refusals.no_sound(f"it could not be decoded as {kind[1]}, or is too long to be measured")
        return found

    async def seconds_of_answer(self, content: bytes, kind: str) -> float | None:
        """Of speech that the upstream made, by its `response_format`; None if it can't be measured."""
        if kind == "pcm":
            return len(content) / 48_000  # 24 kHz, 16 bits, one channel
        name = {"opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav"}.get(kind, "mp3")
        return await asyncio.get_running_loop().run_in_executor(self._pool, measure, content, name)

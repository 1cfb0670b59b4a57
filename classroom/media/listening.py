"""Reads what a sound file says about itself: its length, and the words that its maker stored in it.

`classroom.media.sound` leaves the words in the file's comment, where the format has one, so that a sound it made
can be read back in another process, after a trip through a bucket.
"""

import io
import time
from typing import Any

from classroom import extras

# Before the words, so that no other program's comment counts as them
MARK = "Said by the stand-in: "


def comment(words: str) -> str:
    """What the voice writes into a sound that says these words; `words_in` reads it."""
    # a lone surrogate is a str but can't be written down
    return MARK + " ".join(words.split()).encode("utf-8", "replace").decode()


_MOST_FRAMES = 500_000  # that are decoded: some three hours of mp3
_MOST_SECONDS = 10.0  # of a processor's time
# first bytes → the reader to use. FFmpeg left to itself also takes playlists, which name other files and addresses
_READERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"RIFF", "wav"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"ID3", "mp3"),
    (4, b"ftyp", "mov,mp4,m4a,3gp,3g2,mj2"),
    (0, b"\x1aE\xdf\xa3", "matroska,webm"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
)


def open_sound(content: bytes) -> Any:
    """The sound, by the reader that its first bytes ask for.

    Raises:
        NotSound: they ask for none.
    """
    av = extras.load("av", "media", "Listening to a sound")  # loads slowly, and not every lesson listens

    name = next((name for at, sign, name in _READERS if content.startswith(sign, at)), None)
    if (
        name is None and content[:1] == b"\xff" and len(content) > 1 and content[1] >= 0xE0
    ):  # a frame's first bits
        name = "aac" if content[1] & 0xF6 == 0xF0 else "mp3"
    if name is None:
        raise NotSound("its first bytes are those of no sound")
    return av.open(io.BytesIO(content), "r", format=name.partition(",")[0])


class Budget:
    """How much of a sound is decoded at most."""

    def __init__(self) -> None:
        self._frames, self._began = 0, time.process_time()

    def is_spent(self) -> bool:
        """Whether one frame more is too much."""
        self._frames += 1
        return self._frames > _MOST_FRAMES or time.process_time() - self._began > _MOST_SECONDS


class NotSound(Exception):
    """The bytes are no sound that the library can read."""


def measure(content: bytes) -> float:
    """The length of a sound in seconds.

    Raises:
        NotSound: the bytes can't be decoded.
    """
    av = extras.load("av", "media", "Listening to a sound")

    seconds, budget = 0.0, Budget()
    try:
        with open_sound(content) as file:
            if not file.streams.audio:
                raise NotSound("there is no sound in it")
            for frame in file.decode(audio=0):
                seconds += frame.samples / frame.sample_rate
                if budget.is_spent():
                    break  # long enough to be counted as that
            return seconds
    except (av.error.FFmpegError, ValueError, IndexError, ArithmeticError) as error:
        raise NotSound(str(error)) from error


def words_in(content: bytes) -> str | None:
    """The words that the stand-in's own voice says in a sound; None if it isn't one of its own.

    Raises:
        NotSound: the bytes are no sound.
    """
    av = extras.load("av", "media", "Listening to a sound")

    try:
        with open_sound(content) as file:
            tags = [file.metadata, *(stream.metadata for stream in file.streams)]
    except (av.error.FFmpegError, ValueError, OverflowError) as error:
        raise NotSound(str(error)) from error
    for tag in tags:
        for name, value in tag.items():
            if name.lower() == "comment" and value.startswith(MARK):
                return str(value[len(MARK) :])
    return None

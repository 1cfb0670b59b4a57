"""Compares two sounds, in any format, by their loudness over time.

What the Realtime API sends has no header, so an app that wants a file adds one: bytes can't be compared
then, and a lossy format changes every sample. The course of the loudness stays.
"""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import mul
from typing import Any

from classroom.media import listening
from classroom.media.sound import SAMPLE_RATE

_MOMENTS = 100  # in a second
_LONGEST = 120  # seconds that are looked at
_MOST_SHIFT = 1.0  # seconds by which an encoder or a cut silence may move a sound
_ALIKE = 0.96  # correlation; other words of the same voice and length come to 0.8 at most, mp3 at its poorest to 0.99
_PARTS = 4  # of a moment: as finely as two courses are laid over each other
_FEWEST = 8  # moments of a sound that differ from each other

# how ffmpeg reads what has no header, by media type
_HEADERLESS = {
    "audio/pcm": ("s16le", SAMPLE_RATE),
    "audio/pcmu": ("mulaw", 8_000),
    "audio/pcma": ("alaw", 8_000),
}


def holds(content: bytes, samples: bytes, media_type: str = "audio/pcm") -> bool:
    """Whether a file holds a sound.

    Args:
        content: the file; whose it is does not matter, and it may be anything.
        samples: the sound as the Realtime API sends it.
        media_type: of the samples: "audio/pcm" (24 kHz, 16 bits, one channel), "audio/pcmu" or "audio/pcma".
    """
    if media_type not in _HEADERLESS:
        return content == samples
    if content == samples:
        return True
    try:
        ours, theirs = course(samples, media_type), course(content)
    except listening.NotSound:
        return False
    return alike(ours, theirs)


def course(content: bytes, media_type: str = "") -> bytes:
    """The loudness of a sound, a byte for each hundredth of a second, the loudest being 255.

    Raises:
        NotSound: the bytes can't be decoded.
    """
    import av

    samples, most = array("h"), _LONGEST * SAMPLE_RATE
    try:
        with _open(content, media_type) as file:
            if not file.streams.audio:
                raise listening.NotSound("there is no sound in it")
            for piece in _decode(file):
                samples.frombytes(piece)
                if len(samples) >= most:
                    break
    except (av.error.FFmpegError, ValueError, IndexError, ArithmeticError) as error:
        raise listening.NotSound(str(error)) from error
    step = SAMPLE_RATE // _MOMENTS
    ends = range(step, min(len(samples), most) + 1, step)
    loud = [math.sqrt(_product(part, part)) for part in (samples[end - step : end] for end in ends)]
    peak = max(loud, default=0.0)
    return bytes(round(moment * 255 / peak) for moment in loud) if peak else bytes(len(loud))


def _open(content: bytes, media_type: str) -> Any:
    import io

    import av

    if media_type not in _HEADERLESS:
        return listening.open_sound(content)
    form, rate = _HEADERLESS[media_type]
    return av.open(io.BytesIO(content), "r", format=form, options={"sample_rate": str(rate)})


def _decode(file: Any) -> Iterator[bytes]:
    """16-bit samples of one channel at one rate, whatever the file has."""
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    budget = listening.Budget()
    for frame in file.decode(audio=0):
        for part in resampler.resample(frame):
            yield bytes(part.planes[0])[: part.samples * 2]
        if budget.is_spent():
            return
    for part in resampler.resample(None):
        yield bytes(part.planes[0])[: part.samples * 2]


def alike(one: bytes, other: bytes) -> bool:
    """Whether two courses of loudness are those of the same sound, perhaps moved a little."""
    return closeness(one, other) >= _ALIKE


def closeness(one: bytes, other: bytes) -> float:
    """How well two courses fit where they fit best, from 0 to 1."""
    if min(len(one), len(other)) < _FEWEST:
        return float(one == other and bool(one))
    most = int(_MOST_SHIFT * _MOMENTS)
    if abs(len(one) - len(other)) > 2 * most:
        return 0.0
    best, shift = max((_correlation(one, other, shift), shift) for shift in range(-most, most + 1))
    between = (
        _correlation(one, _shift(other, part), near)
        for part in range(1, _PARTS)
        for near in (shift - 1, shift, shift + 1)
    )
    return max(0.0, best, *between)


def _shift(course: Sequence[int], part: int) -> list[int]:
    """A course as it is when the sound begins a part of a moment later, times the number of parts.

    An encoder's delay is no whole number of moments, and each moment then holds some of the one before.
    """
    return [
        (_PARTS - part) * now + part * before for now, before in zip([*course, 0], [0, *course], strict=True)
    ]


def _correlation(one: Sequence[int], other: Sequence[int], shift: int) -> float:
    """How well two courses fit when the other begins so many moments later; what sticks out is beside silence."""
    first, second = one[max(0, shift) :], other[max(0, -shift) :]
    size = max(len(one), len(other)) + int(_MOST_SHIFT * _MOMENTS)
    mean, moved_mean = sum(one) / size, sum(second) / size
    spread = _product(one, one) - size * mean**2
    moved_spread = _product(second, second) - size * moved_mean**2
    if spread <= 0 or moved_spread <= 0:
        return 0.0
    return (_product(first, second) - size * mean * moved_mean) / math.sqrt(spread * moved_spread)


def _product(one: Iterable[int], other: Iterable[int]) -> int:
    """The sum of the products of what is at the same place, as far as both go."""
    return sum(map(mul, one, other))

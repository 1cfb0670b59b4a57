"""Whether two sounds are the same one, in whatever file: by how loud they are from moment to moment.

What the Realtime API sends has no header, so that whoever wants a file puts the samples into one: bytes can't be compared
then, and a lossy format changes every sample. The course of the loudness stays.
"""

from collections.abc import Iterator
from typing import Any

from classroom.media import listening
from classroom.media.sound import SAMPLE_RATE

_MOMENTS = 100  # in a second
_LONGEST = 120  # seconds that are looked at
_MOST_SHIFT = 1.0  # seconds by which an encoder or a cut silence may move a sound
_ALIKE = 0.96  # correlation; other words of the same voice and length come to 0.8 at most, mp3 at its poorest to 0.99
_FEWEST = 8  # moments of a sound that can be told from another

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
    import numpy

    pieces, most = [], _LONGEST * SAMPLE_RATE
    count = 0
    try:
        with _opened(content, media_type) as file:
            if not file.streams.audio:
                raise listening.NotSound("there is no sound in it")
            for piece in _decoded(file):
                pieces.append(numpy.frombuffer(piece, dtype="<i2"))
                count += len(pieces[-1])
                if count >= most:
                    break
    except (av.error.FFmpegError, ValueError, IndexError, ArithmeticError) as error:
        raise listening.NotSound(str(error)) from error
    if not pieces:
        return b""
    samples = numpy.concatenate(pieces)[:most].astype("float32")
    step = SAMPLE_RATE // _MOMENTS
    whole = samples[: len(samples) // step * step].reshape(-1, step)
    loud = numpy.sqrt((whole**2).mean(axis=1))
    peak = float(loud.max()) if len(loud) else 0.0
    return bytes((loud * (255 / peak)).round().astype("uint8")) if peak else bytes(len(loud))


def _opened(content: bytes, media_type: str) -> Any:
    import io

    import av

    if media_type not in _HEADERLESS:
        return listening.opened(content)
    form, rate = _HEADERLESS[media_type]
    return av.open(io.BytesIO(content), "r", format=form, options={"sample_rate": str(rate)})


def _decoded(file: Any) -> Iterator[bytes]:
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
    import numpy

    first, second = (numpy.frombuffer(each, dtype="uint8").astype("float32") for each in (one, other))
    if min(len(first), len(second)) < _FEWEST:
        return float(one == other and bool(one))
    most = int(_MOST_SHIFT * _MOMENTS)
    if abs(len(first) - len(second)) > 2 * most:
        return 0.0
    size = max(len(first), len(second)) + most
    best = 0.0
    padded = numpy.zeros(size, dtype="float32")
    padded[: len(first)] = first
    padded -= padded.mean()
    for shift in range(-most, most + 1):
        moved = numpy.zeros(size, dtype="float32")
        part = second[max(0, -shift) : size - max(0, shift)]
        moved[max(0, shift) : max(0, shift) + len(part)] = part
        moved -= moved.mean()
        norm = float(numpy.linalg.norm(padded) * numpy.linalg.norm(moved))
        if norm:
            best = max(best, float(padded @ moved) / norm)
    return best

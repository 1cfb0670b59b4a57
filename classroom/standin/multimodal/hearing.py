"""What a sound says: the words of those that the stand-in spoke."""

import contextlib
import hashlib

from classroom.media import listening, similarity
from classroom.standin.state import StandIn

_MOST_VOICES = 100  # sounds without a place for words that an upload is compared with, the latest ones
_WITHOUT_WORDS = ("pcm", "pcmu", "pcma")  # clients put these into files of their own


def remember(standin: StandIn, content: bytes, words: str, format: str) -> None:
    """Keep what a sound says that the stand-in spoke, as bytes and, if it can hold no words, by its loudness."""
    digest, said = hashlib.sha256(content).hexdigest(), " ".join(words.split())
    standin.spoken.put(digest, said)
    if format in _WITHOUT_WORDS:
        with contextlib.suppress(listening.NotSound):
            standin.voices.put(digest, (similarity.course(content, f"audio/{format}"), said))


def hear(standin: StandIn, content: bytes) -> tuple[str | None, float]:
    """The words of a sound, None for one that the stand-in did not speak, and its length in seconds.

    Raises:
        NotSound: it can't be decoded.
    """
    transcript = standin.spoken.get(hashlib.sha256(content).hexdigest())
    transcript = transcript or listening.words_in(content) or _known_voice(standin, content)
    return transcript, listening.measure(content)


def _known_voice(standin: StandIn, content: bytes) -> str | None:
    """The words of a sound that was sent as samples, and that somebody has put into a file since."""
    known = standin.voices.all()[-_MOST_VOICES:]
    course = similarity.course(content) if known else b""
    return next((words for each, words in reversed(known) if similarity.alike(each, course)), None)

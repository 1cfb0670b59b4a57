"""What a sound says: the words of those that the stand-in spoke."""

import hashlib

from classroom.media import listening, similarity
from classroom.standin.state import StandIn

_MOST_VOICES = 100  # sounds of the Realtime API that an upload is compared with, the latest ones


def hear(standin: StandIn, content: bytes) -> tuple[str | None, float]:
    """The words of a sound, None for one that the stand-in did not speak, and its length in seconds.

    Raises:
        NotSound: it can't be decoded.
    """
    transcript = standin.spoken.get(hashlib.sha256(content).hexdigest())
    transcript = transcript or listening.words_in(content) or _known_voice(standin, content)
    return transcript, listening.measure(content)


def _known_voice(standin: StandIn, content: bytes) -> str | None:
    """The words of a sound that was sent over Realtime, and that somebody has put into a file since."""
    known = standin.voices.all()[-_MOST_VOICES:]
    course = similarity.course(content) if known else b""
    return next((words for each, words in reversed(known) if similarity.alike(each, course)), None)

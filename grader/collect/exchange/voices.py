"""Realtime audio: which calls made audio, and which stored file holds that sound.

Its sound comes without a header, so that an app puts it into a file: the stored bytes are others than those that OpenAI sent.
"""

from collections.abc import Mapping, Sequence

from classroom.media import similarity
from classroom.standin.records import journal
from grader.collect.exchange.kinds_of_routes import KIND_OF_ROUTE
from grader.evidence import Kind

ROUTE = "realtime"
_MOST_COMPARED = 8  # sounds of one exchange, the latest ones


def kind_of(call: journal.Call) -> Kind | None:
    """What a call makes; of a Realtime response, what was asked for."""
    if call.route != ROUTE:
        return KIND_OF_ROUTE.get(call.route)
    body = call.body if isinstance(call.body, Mapping) else {}
    return "text" if body.get("output_modalities") == ["text"] else "audio"


def find_held(content: bytes, outputs: Sequence[journal.Output]) -> journal.Output | None:
    """Which of the sounds that came without a header a file holds; None if it holds none of them."""
    bare = [output for output in outputs if output.kind == "audio" and is_bare(output.media_type)]
    for output in reversed(bare[-_MOST_COMPARED:]):
        if similarity.holds(content, output.content, output.media_type):
            return output
    return None


def is_bare(media_type: str) -> bool:
    """Whether a sound of that type has no header that says what it is."""
    return media_type in ("audio/pcm", "audio/pcmu", "audio/pcma")

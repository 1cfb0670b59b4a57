"""Pictures in a conversation: found in its last message, looked at, and described."""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from classroom.media.picture import NotPicture
from classroom.media.seeing import look
from classroom.standin.state import StandIn

_MOST = 10  # pictures of one message that are looked at
_NOTE = "(The stand-in measures colours and shapes. A real model recognizes what it sees.)"


def has_pictures(body: Mapping[str, Any]) -> bool:
    """Whether a request may show a picture, and so takes a while."""
    messages = body.get("messages") or body.get("input")
    if not isinstance(messages, list):
        return False
    return any(isinstance(each, dict) and next(parts(each), None) is not None for each in messages)


def remember(standin: StandIn, content: bytes, words: str) -> None:
    """Keep what was written into a picture that the stand-in drew."""
    standin.drawn_words.put(_digest(content), " ".join(words.split()))


def describe(standin: StandIn, messages: Sequence[Mapping[str, Any]]) -> str:
    """What can be seen in the pictures of the user's last message; "" if it has none."""
    latest = next((each for each in reversed(messages) if each.get("role") == "user"), None)
    if latest is None or messages[-1] is not latest:
        return ""
    seen = [_described(standin, part) for part in list(parts(latest))[:_MOST]]
    if not seen:
        return ""
    if len(seen) > 1:
        seen = [f"Picture {number}: {each}" for number, each in enumerate(seen, 1)]
    return "\n".join([*seen, _NOTE])


def parts(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The pictures of a message."""
    content = message.get("content")
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and part.get("type") in ("image_url", "input_image"):
            yield part


def detail_of(part: Mapping[str, Any]) -> str:
    """How closely a picture is to be looked at: "auto" where the request does not choose."""
    named = part.get("image_url")
    return str((named.get("detail") if isinstance(named, dict) else part.get("detail")) or "auto")


def content_of(standin: StandIn, part: Mapping[str, Any]) -> bytes | None:
    """The bytes of a picture that came along or is kept; None for one elsewhere, and for base64 that can't be read."""
    stored = standin.files.get(str(part.get("file_id"))) if part.get("file_id") else None
    if stored is not None:
        return stored.content
    address = _address(part)
    return _decoded(address) if address.startswith("data:") else None


def _address(part: Mapping[str, Any]) -> str:
    named = part.get("image_url")
    return str((named.get("url") if isinstance(named, dict) else named) or "")


def _described(standin: StandIn, part: Mapping[str, Any]) -> str:
    content = content_of(standin, part)
    if content is None and not _address(part).startswith("data:"):
        return "This picture is at an address elsewhere, and the stand-in fetches nothing."
    try:
        if content is None:
            raise NotPicture("its base64 can't be read")
        return str(look(content, standin.drawn_words.get(_digest(content)) or ""))
    except NotPicture as problem:
        return f"This picture can't be read: {problem}."


def _decoded(address: str) -> bytes | None:
    head, _, data = address.partition(",")
    if not head.endswith(";base64"):
        return None
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

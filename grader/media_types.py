"""MIME types: what bytes are, and whether a stored Content-Type says so.

Signatures: https://mimesniff.spec.whatwg.org; names: https://www.iana.org/assignments/media-types, and those that
Python's own `mimetypes` gives.
"""

from pathlib import PurePosixPath

from classroom.media.signatures import sniff

# the registered name first, then others that are in use for the same bytes
_NAMES: dict[str, frozenset[str]] = {
    "audio/mpeg": frozenset({"audio/mpeg"}),
    "audio/wav": frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"}),
    "audio/flac": frozenset({"audio/flac", "audio/x-flac"}),
    "audio/ogg": frozenset({"audio/ogg", "audio/opus", "application/ogg"}),
    "audio/aac": frozenset({"audio/aac", "audio/x-aac", "audio/aacp"}),
    "image/png": frozenset({"image/png"}),
    "image/jpeg": frozenset({"image/jpeg"}),
    "image/webp": frozenset({"image/webp"}),
}
_EXTENSIONS: dict[str, frozenset[str]] = {
    "audio/mpeg": frozenset({".mp3", ".mpga", ".mpeg"}),
    "audio/wav": frozenset({".wav", ".wave"}),
    "audio/flac": frozenset({".flac"}),
    "audio/ogg": frozenset({".ogg", ".opus", ".oga"}),
    "audio/aac": frozenset({".aac", ".m4a"}),
    "image/png": frozenset({".png"}),
    "image/jpeg": frozenset({".jpg", ".jpeg", ".jpe"}),
    "image/webp": frozenset({".webp"}),
}
# a text's type must fit its extension where the extension has a type of its own
_TEXT_EXTENSIONS = {
    ".md": frozenset({"text/markdown", "text/x-markdown", "text/plain"}),
    ".html": frozenset({"text/html"}),
    ".csv": frozenset({"text/csv", "text/plain"}),
    ".txt": frozenset({"text/plain"}),
}


def essence(content_type: str) -> str:
    """A type without its parameters, in small letters: "text/plain" of "Text/Plain; charset=utf-8"."""
    return content_type.partition(";")[0].strip().lower()


def fits(content_type: str, content: bytes, key: str) -> bool:
    """Whether a stored type is that of the bytes; a text may have any `text/*` that fits its extension."""
    declared, real = essence(content_type), sniff(content)
    if real in _NAMES:
        return declared in _NAMES[real]
    if real == "text/plain":
        allowed = _TEXT_EXTENSIONS.get(PurePosixPath(key).suffix.lower())
        return declared in allowed if allowed else declared.startswith("text/")
    # bytes that no signature tells of, such as raw pcm: the learner's word has to do, if it is a sound's
    return declared.startswith("audio/")


def extension_advice(content: bytes, key: str) -> str | None:
    """What to say of an extension that disagrees with the bytes; None if it agrees, or there is none."""
    real, extension = sniff(content), PurePosixPath(key).suffix.lower()
    known = _EXTENSIONS.get(real)
    if known and extension and extension not in known:
        return f"{key} ends with {extension}, but its bytes are {real}."
    return None


__all__ = ["essence", "extension_advice", "fits", "sniff"]

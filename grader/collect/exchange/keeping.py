"""Bounds and normalises an app's bytes and texts before they become evidence."""

from grader.evidence import MAX_BLOB, cap, sha256_of

MAX_BODY = 4_000  # characters of a request's or an answer's body that the report shows
_MOST_KEPT = 64 * 1024 * 1024  # bytes of bodies and objects; of what is beyond only the hash is kept


class Blobs:
    """Bytes by their hash, up to a size all together."""

    def __init__(self) -> None:
        self.by_hash: dict[str, bytes] = {}
        self._kept = 0

    def keep(self, content: bytes) -> str:
        """Keep bytes for the report; returns their hash."""
        name = sha256_of(content)
        if name not in self.by_hash and len(content) <= min(MAX_BLOB, _MOST_KEPT - self._kept):
            self.by_hash[name] = content
            self._kept += len(content)
        return name


def plain(name: str) -> str:
    """A name that the app chose, as text of bounded length."""
    return cap(name.encode("utf-8", "replace").decode(), 2 * 1024)


def readable(content: bytes, content_type: str) -> str:
    """A body as text, or its size if it isn't text."""
    if content_type.startswith(("image/", "audio/", "video/", "application/octet-stream")):
        return f"({len(content)} bytes of {content_type})"
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"({len(content)} bytes that are no text)"

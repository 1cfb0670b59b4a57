"""File types by their first bytes."""

# first bytes of a file → its MIME type (https://mimesniff.spec.whatwg.org)
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)
# RIFF holds many kinds: bytes 8 to 12 say which (an AVI film begins with RIFF, too)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}


def sniff(content: bytes) -> str:
    """The MIME type that the bytes themselves tell of; "text/plain" if they are UTF-8."""
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12], "application/octet-stream")
    for signature, media_type in _SIGNATURES:
        if content.startswith(signature):
            return media_type
    try:
        content.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "text/plain"

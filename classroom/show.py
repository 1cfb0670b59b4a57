"""Pictures, sounds and texts shown in a notebook, each with words beside it for who can't see or hear it."""

import base64
import html

from IPython import display as notebook

# first bytes of a file → its MIME type (https://mimesniff.spec.whatwg.org)
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)


def sniff(content: bytes) -> str:
    """The MIME type that the bytes themselves tell of; "text/plain" if they are UTF-8."""
    if content[:4] == b"RIFF":
        return "image/webp" if content[8:12] == b"WEBP" else "audio/wav"
    for signature, media_type in _SIGNATURES:
        if content.startswith(signature):
            return media_type
    try:
        content.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "text/plain"


def show(content: bytes, description: str, width: int = 360) -> None:
    """Display a picture, a player or a text below the cell.

    Args:
        content: the file's bytes.
        description: what it is, in words; read out by screen readers.
        width: of a picture, in pixels.
    """
    media_type = sniff(content)
    source = f"data:{media_type};base64,{base64.b64encode(content).decode()}"
    words = html.escape(description, quote=True)
    if media_type.startswith("image/"):
        body = f'<img src="{source}" alt="{words}" width="{width}">'
    elif media_type.startswith("audio/"):
        body = f'<audio controls aria-label="{words}" src="{source}"></audio>'
    else:
        body = f"<blockquote>{html.escape(content.decode(errors='replace'))}</blockquote>"
    figure = f"<figure>{body}<figcaption>{words}</figcaption></figure>"
    notebook.display(notebook.HTML(figure))  # type: ignore[no-untyped-call]

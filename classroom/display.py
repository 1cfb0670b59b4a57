"""Shows pictures, sounds and texts in a notebook, each with a text alternative."""

import base64
import html

from IPython import display as notebook

from classroom.media.signatures import sniff


def show(content: bytes, description: str, width: int = 360) -> None:
    """Display a picture, a player or a text below the cell.

    Args:
        content: the file's bytes.
        description: what it is, in words; read out by screen readers.
        width: of a picture, in pixels.
    """
    notebook.display(notebook.HTML(figure(content, description, width)))  # type: ignore[no-untyped-call]


def figure(content: bytes, description: str, width: int = 360) -> str:
    """The same as HTML; arguments as for `show`."""
    media_type = sniff(content)
    source = f"data:{media_type};base64,{base64.b64encode(content).decode()}"
    words = html.escape(description, quote=True)
    if media_type.startswith("image/"):
        body = f'<img src="{source}" alt="{words}" width="{width}">'
    elif media_type.startswith("audio/"):
        body = f'<audio controls aria-label="{words}" src="{source}"></audio>'
    else:
        body = f"<blockquote>{html.escape(content.decode(errors='replace'))}</blockquote>"
    # the words below it are for eyes: a screen reader has read them with the picture already, and would repeat them for a <figure>
    hidden = "" if media_type.startswith("text/") else ' aria-hidden="true"'
    return f"<div>{body}<div{hidden}>{words}</div></div>"

"""Writes a form for the upstream from what was read of a learner's."""

from collections.abc import Mapping
from typing import Any

from classroom.proxy.fields.media import File
from classroom.proxy.requests import sounds

_PICTURES = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"RIFF", "webp"), (b"GIF8", "gif"))


def write(
    body: Mapping[str, Any],
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, tuple[str, bytes, str]], ...]]:
    """Fields and files of a form, each under a name and a type that we give.

    Args:
        body: what was read: texts, numbers, files, lists and objects of them.
    """
    texts: list[tuple[str, str]] = []
    files: list[tuple[str, tuple[str, bytes, str]]] = []
    for name, value in body.items():
        if isinstance(value, Mapping):
            texts += [(f"{name}[{inner}]", _text(held)) for inner, held in value.items()]
            continue
        several = isinstance(value, list)
        for item in value if several else [value]:
            written = f"{name}[]" if several else name
            if isinstance(item, File):
                files.append((written, _file(item)))
            else:
                texts.append((written, _text(item)))
    return tuple(texts), tuple(files)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _file(file: File) -> tuple[str, bytes, str]:
    """Named for what it is: the name that came may say something else."""
    heard = sounds.kind_of(file.content)
    seen = next((kind for start, kind in _PICTURES if file.content.startswith(start)), None)
    if seen is not None and not (heard and heard[0] == "wav"):
        return f"picture.{seen}", file.content, f"image/{seen}"
    if heard is not None:
        return f"sound.{heard[1]}", file.content, f"audio/{heard[1]}"
    return "file.bin", file.content, "application/octet-stream"

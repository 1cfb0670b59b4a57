"""Takes keys out of a notebook: its cells, outputs of every kind, metadata and attachments, however a key was split.

Parts that a reader sees one after the other are searched together: the pieces of a stream, what several outputs show, the
lines of a cell.
"""

import ast
import base64
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from classroom.redaction import views
from classroom.redaction.shapes import is_named_secret, keys_in
from classroom.redaction.values import Values, decode, encoded_keys

BLOT = "[a key was here]"
_MEDIA = ("image/", "audio/", "video/", "font/", "application/pdf", "application/octet-stream")
_STREAM = "stream"
_MOST_CODE = 200_000  # characters of a cell that is read as Python, or of a file that is searched as a text


@dataclass
class _Text:
    """One text of a notebook. `tracks`: the sequences that it is part of; `media`: whether it is Base64 of a file."""

    value: str
    tracks: frozenset[str]
    media: bool = False
    cuts: list[tuple[int, int, bool]] = field(default_factory=list)

    def cut(self) -> str:
        """Without what was found; a mark in its place."""
        made, at = [], 0
        for start, end, marked in sorted(self.cuts, key=lambda cut: (cut[0], not cut[2], cut[1])):
            if end <= at:
                continue
            made.append(self.value[at : max(at, start)])
            if start >= at and marked:
                made.append(BLOT)
            at = end
        return "".join([*made, self.value[at:]])


def without_keys(value: Any, known: Collection[str] = ()) -> Any:
    """The same value, without keys; nothing else is changed.

    Args:
        value: a notebook, or any part of one, as JSON has it.
        known: secrets that are searched for beside those that look like one.
    """
    texts = list(_texts(value, "", "", frozenset({"top"})))
    secrets = {*known, *_named(value)}
    tracks = _tracks(texts)
    for track in tracks.values():
        secrets.update(_keys_of(track))
    wanted = Values.of(secrets)
    for track in tracks.values():
        _cut(track, wanted)
    for text in texts:
        if text.media:
            _cut_media(text, wanted)
    changed = {id(text): text.cut() if text.cuts else text.value for text in texts}
    if not any(text.cuts for text in texts):
        return value
    return _rebuilt(value, iter([changed[id(text)] for text in texts]))


def _tracks(texts: list[_Text]) -> dict[str, list[_Text]]:
    """The texts that follow each other, by the name of their sequence."""
    found: dict[str, list[_Text]] = {}
    for text in texts:
        if not text.media and text.value:
            for name in text.tracks:
                found.setdefault(name, []).append(text)
    return found


# --- the texts of a notebook ------------------------------------------------------------------------------------------


def _texts(value: Any, cell: str, kind: str, tracks: frozenset[str], media: bool = False) -> Iterator[_Text]:
    """Every text and every name in a value, in order.

    Args:
        value: what is looked through.
        cell: in which cell it is.
        kind: what the name of the entry above says that it is.
        tracks: the sequences that it is part of.
        media: whether its texts are files in Base64.
    """
    if isinstance(value, str):
        yield _Text(value, tracks, media)
    elif isinstance(value, list):
        kinds = _kinds(value) if kind == "outputs" else []
        for number, inner in enumerate(value):
            if kind == "cells":
                yield from _texts(inner, f"cell {number}", "cell", frozenset({f"cell {number}"}))
            elif kind == "outputs":
                yield from _output(inner, cell, kinds)
            else:
                yield from _texts(inner, cell, "", tracks, media)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield _Text(str(name), frozenset({f"{cell} names"}))
            below = tracks
            if kind == "cell" and name in ("source", "metadata", "attachments"):
                below = frozenset({f"{cell} {name}"})
            is_media = kind in ("data", "attachments") and str(name).startswith(_MEDIA)
            following = "attachments" if kind == "attachments" else str(name)
            yield from _texts(inner, cell, following, below, is_media)


def _kinds(outputs: list[Any]) -> list[str]:
    """The kinds of data that the outputs of a cell have."""
    found = {"error"}
    for output in outputs:
        data = output.get("data") if isinstance(output, dict) else None
        found.update(map(str, data) if isinstance(data, dict) else ())
    return sorted(found)


def _output(output: Any, cell: str, kinds: list[str]) -> Iterator[_Text]:
    """The texts of an output; what a stream shows stands between data of every kind."""
    if not isinstance(output, dict):
        yield from _texts(output, cell, "", frozenset({f"{cell} error"}))
        return
    streamed = frozenset(f"{cell} {kind}" for kind in kinds)
    for name, inner in output.items():
        yield _Text(str(name), frozenset({f"{cell} names"}))
        if name == "data" and isinstance(inner, dict):
            for kind, content in inner.items():
                yield _Text(str(kind), frozenset({f"{cell} names"}))
                media = str(kind).startswith(_MEDIA) and "svg" not in str(kind)
                yield from _texts(content, cell, "", frozenset({f"{cell} {kind}"}), media)
        elif name == "text":
            yield from _texts(inner, cell, "", streamed)
        else:
            yield from _texts(inner, cell, "", frozenset({f"{cell} output {name}"}))


def _rebuilt(value: Any, texts: Iterator[str]) -> Any:
    """The same value with other texts, which are taken in the order of `_texts`."""
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, list):
        return [_rebuilt(inner, texts) for inner in value]
    if isinstance(value, dict):
        made = {}
        for name, inner in value.items():
            changed = next(texts)
            made[changed if isinstance(name, str) else name] = _rebuilt(inner, texts)
        return made
    return value


# --- what is found in them --------------------------------------------------------------------------------------------


def _named(value: Any) -> Iterator[str]:
    """Texts that stand under a name which says that they are secret."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and is_named_secret(str(name), inner):
                yield inner
            yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)


def _keys_of(track: list[_Text]) -> Iterator[str]:
    """Keys in texts that follow each other: as they are, as a reader sees them, as Python reads them."""
    whole = "".join(text.value for text in track)
    yield from keys_in(whole)
    yield from encoded_keys(whole)
    if any(name.endswith(" names") for text in track for name in text.tracks):
        yield from keys_in("\n".join(text.value for text in track))  # a name does not go on in the next one
    plain = views.seen(whole).text
    if plain != whole:
        yield from keys_in(plain)
        yield from keys_in(views.spaced(whole))
    if any(name.endswith(" source") for text in track for name in text.tracks):
        yield from _assigned(whole)


def _assigned(source: str) -> Iterator[str]:
    """Texts that Python code gives to names which say that they are secret, also in several pieces."""
    if len(source) > _MOST_CODE:
        return
    code = re.sub(r"(?m)^([ \t]*)[%!?].*$", r"\1pass", source)
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in nodes:
        for name, value in _given(node):
            text = _constant(value)
            if text is not None and is_named_secret(name, text):
                yield text


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names, and what they are given, in one node."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple | ast.List) and isinstance(node.value, ast.Tuple | ast.List):
                yield from (
                    (_name(one), value) for one, value in zip(target.elts, node.value.elts, strict=False)
                )
            yield _name(target), node.value
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield _name(node.target), node.value
    elif isinstance(node, ast.keyword):
        yield node.arg or "", node.value
    elif isinstance(node, ast.Dict):
        yield from (
            (_constant(key) or "", value) for key, value in zip(node.keys, node.values, strict=True) if key
        )
    elif isinstance(node, ast.Call) and len(node.args) == 2:
        yield _constant(node.args[0]) or "", node.args[1]


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    return (_constant(target.slice) or "") if isinstance(target, ast.Subscript) else ""


def _constant(node: ast.expr, depth: int = 0) -> str | None:
    """The text of a constant, or of several that are added up."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
        return node.value.decode("latin-1")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and depth < 50:
        left, right = _constant(node.left, depth + 1), _constant(node.right, depth + 1)
        return left + right if left is not None and right is not None else None
    return None


def _cut(track: list[_Text], wanted: Values) -> None:
    """Mark what is found in texts that follow each other."""
    begins = list(accumulate((len(text.value) for text in track), initial=0))
    for ranges in wanted.ranges("".join(text.value for text in track)):
        marked = True
        for start, end in ranges:
            for text, begin in zip(track, begins, strict=False):
                first, last = max(start, begin) - begin, min(end, begin + len(text.value)) - begin
                if first < last:
                    text.cuts.append((first, last, marked))
                    marked = False


def _cut_media(text: _Text, wanted: Values) -> None:
    """A file in Base64 that holds a key: without it if it is text, else as a whole with a mark instead."""
    plain = decode(text.value)
    if plain is not None:
        changed = without_keys(plain, wanted.plain)
        if changed != plain:
            text.value = base64.b64encode(changed.encode()).decode()
            text.cuts.append((0, 0, False))
    elif any(wanted.encoded_ranges(text.value)) or (
        len(text.value) <= _MOST_CODE and any(wanted.ranges(text.value))
    ):
        text.cuts.append((0, len(text.value), True))


def without_keys_in_file(content: str, known: Collection[str] = ()) -> str:
    """The text of a notebook's file, without keys; a text that is no JSON is searched as a text."""
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        return str(without_keys(content, known))
    states = None
    if isinstance(notebook, dict) and isinstance(notebook.get("metadata"), dict):
        states = notebook["metadata"].pop("widgets", None)
    changed = without_keys(notebook, known)
    if changed == notebook and states is None:
        return content
    return json.dumps(changed, indent=1, ensure_ascii=False) + "\n"

"""The values that code compares an input with, where nothing else says which ones it takes.

A person whom an app tells that a mode is unknown looks into the code for the modes. So does this, once nothing else helped.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from grader import reading
from grader.collect.finding.conversations import as_messages
from grader.collect.finding.field_roles import is_named_like_a_prompt
from grader.operations import Field, Operation

_MOST_FILES, _MOST_VALUES, _LONGEST = 500, 12, 60


def with_choices(operations: Sequence[Operation], root: Path, files: Iterable[str]) -> list[Operation]:
    """The operations with an input that the code compares with texts, each with those texts as its choices.

    Args:
        operations: the app's.
        root: the submission.
        files: the modules that the app leads to, relative to `root`.
    """
    values = _read(root, files)
    changed = [
        replace(
            one,
            shapes=tuple(
                tuple(new for each in shape for new in _chosen(each, values)) for shape in one.shapes
            ),
        )
        for one in operations
    ]
    return [after for before, after in zip(operations, changed, strict=True) if after != before]


def _chosen(one: Field, values: dict[str, list[str]]) -> tuple[Field, ...]:
    if (messages := as_messages(one)) != (one,):
        return messages
    known = values.get(one.name.rpartition(".")[2])
    if not known or not one.is_text or is_named_like_a_prompt(one):
        return (one,)
    return (replace(one, schema={**one.schema, "enum": known}, required=True),)


def _read(root: Path, files: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for name in islice(sorted(files), _MOST_FILES):
        try:
            tree = reading.parse_python(reading.read_text(root / name, reading.MAX_PYTHON))
        except reading.Unreadable:
            continue
        taken_from = _taken_from(tree)
        for compared, text in _compared(tree):
            for word in dict.fromkeys((compared, taken_from.get(compared, ""))):
                if word and 0 < len(text) <= _LONGEST:
                    found.setdefault(word, {})[text] = None
    return {word: list(texts)[:_MOST_VALUES] for word, texts in found.items()}


def _taken_from(tree: ast.Module) -> dict[str, str]:
    """The input that a variable was taken from: "bot" for `bot_type` in `bot_type = data.get("bot", "")`."""
    taken: dict[str, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        pairs = [(node.targets[0], node.value)]
        if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(node.targets[0].elts, node.value.elts, strict=False))
        for target, value in pairs:
            word = _word(value) if isinstance(value, (ast.Call, ast.Subscript)) else ""
            if isinstance(target, ast.Name) and word and word != target.id:
                taken.setdefault(target.id, word)
    return taken


def _compared(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Compare(
                left=left, ops=[ast.Eq() | ast.NotEq() | ast.In() | ast.NotIn()], comparators=[right]
            ):
                for one, other in ((left, right), (right, left)):
                    yield from ((_word(one), text) for text in _texts(other))
            case ast.Match(subject=subject, cases=cases):
                for case in cases:
                    for inner in ast.walk(case.pattern):
                        if isinstance(inner, ast.MatchValue):
                            yield from ((_word(subject), text) for text in _texts(inner.value))


def _texts(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return [text for part in parts for text in _texts(part)]
        case ast.Dict(keys=keys):
            return [text for key in keys if key is not None for text in _texts(key)]
    return []


def _word(node: ast.expr) -> str:
    """The last name of what is compared: "mode" of `request.mode`, `data["mode"]`, `data.get("mode", "")` and `mode.lower()`."""
    match node:
        case ast.Call(func=ast.Attribute(attr="lower" | "upper" | "strip" | "casefold", value=inner)):
            return _word(inner)
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""

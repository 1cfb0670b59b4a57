"""Values for the inputs of an operation: words that can be recognised at OpenAI's end, and sense everywhere else."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.collect.exchange import wording
from grader.collect.exchange.requests import Key
from grader.collect.finding.field_roles import OPTIONS, is_named_like_a_prompt, kind_of_words, role, words_of
from grader.collect.finding.fitting import file_name, fit, stem_of
from grader.collect.finding.uploads import upload
from grader.evidence import Kind
from grader.operations import Field

_LARGEST_NUMBER = 2**53  # beyond it JSON's readers disagree (RFC 8259, section 6)
_DEEPEST = 5  # lists of lists


def _number(schema: Mapping[str, Any], name: str) -> int | float | None:
    """A bound on a number, if it is one that can be sent."""
    bound = schema.get(name)
    fits = isinstance(bound, (int, float)) and not isinstance(bound, bool) and abs(bound) <= _LARGEST_NUMBER
    return bound if fits else None


@dataclass(frozen=True)
class Assignment:
    """Values for a shape, and the words by which each of those that take any is recognised."""

    values: Mapping[Key, Any]
    marks: Mapping[Key, str]
    extension: str | None


def example_of(field: Field) -> Any:
    """The value that the document gives as an example, or else by default; None if it gives none."""
    schema = field.schema
    for name in ("default", "example"):
        if schema.get(name) is not None:
            return schema[name]
    if field.shown:
        return next(iter(field.shown.values()))
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        return examples[0]
    if isinstance(examples, dict) and examples:
        first = next(iter(examples.values()))
        return first.get("value") if isinstance(first, dict) else first
    return None


def _simple(field: Field, depth: int = 0) -> Any:
    """A value of the right type for an input that takes no words."""
    if field.choices:
        return "user" if "user" in field.choices else field.choices[0]
    given = example_of(field)
    if given is not None:
        return given
    schema = field.schema
    match schema.get("type"):
        case "integer" | "number":
            low, above, high = (_number(schema, name) for name in ("minimum", "exclusiveMinimum", "maximum"))
            lowest = low if low is not None else above + 1 if above is not None else 1
            return lowest if high is None else min(lowest, high)
        case "boolean":
            return False
        case "array":
            items = schema.get("items")
            if not isinstance(items, dict) or depth >= _DEEPEST:
                return ["probe"]
            return [_simple(Field(field.location, field.name, items), depth + 1)]
        case "object":
            return {}
    match schema.get("format"):
        case "uuid":
            return "00000000-0000-4000-8000-000000000000"
        case "date-time":
            return "2026-01-01T00:00:00Z"
        case "date":
            return "2026-01-01"
        case "email":
            return f"{wording.one_word()}@example.org"
        case "uri" | "url":
            return "https://example.org/"
    return wording.one_word()


def _type_value(field: Field, kind: Kind, extension: str) -> Any:
    """The choice that names the kind; the one that names the extension if there is one."""
    for choice in field.choices:
        if extension in words_of(str(choice)):
            return choice
    for choice in field.choices:
        if kind_of_words(choice) == kind:
            return choice
    if field.choices:
        return field.choices[0]
    names = set(words_of(field.name))
    if names & {"mime", "mimetype", "media", "content", "accept"}:
        return {"text": "text/plain", "image": "image/png", "audio": "audio/mpeg"}[kind]
    return extension if names & {"extension", "ext", "format"} else kind


def assign(
    shape: Sequence[Field],
    kind: Kind,
    extension: str,
    *,
    everything: bool = False,
    given: Mapping[Key, Any] | None = None,
) -> Assignment:
    """Values for a request that asks for a kind.

    Args:
        shape: the inputs.
        kind: what to ask for, where the inputs allow to say so.
        extension: of the file, where the inputs name one.
        everything: give words to optional inputs too, and to those whose names suggest something else.
        given: values that are settled, such as those of an example.
    """
    settled = given or {}
    values: dict[Key, Any] = {}
    marks: dict[Key, str] = {}
    used: str | None = None
    for field in shape:
        if field.key in settled:
            values[field.key] = settled[field.key]
            continue
        made = _fill(field, kind, extension, everything)
        if made is None:
            continue
        values[field.key], mark = made
        if mark is not None:
            marks[field.key] = mark
        if role(field) == "path":
            used = extension
    return Assignment(values, marks, used)


def _fill(field: Field, kind: Kind, extension: str, everything: bool) -> tuple[Any, str | None] | None:
    """A value for one input, and the mark by which it is known again; None if it is left out."""
    what = role(field)
    is_given = field.required or everything
    if what == "words" or (everything and what == "option" and not field.choices and field.required):
        if not (is_given or is_named_like_a_prompt(field)):
            return None
        words = fit(field.schema)
        return words.text, words.mark
    if what == "path":
        name = file_name(extension, field.schema) if is_given else None
        return None if name is None else (name, stem_of(name))
    if what == "type":
        return (_type_value(field, kind, extension), None) if is_given or field.choices else None
    if not field.required:
        return None
    return _required(field)


def _required(field: Field) -> tuple[Any, str | None]:
    match role(field):
        case "folder":
            return wording.folder(), None
        case "option":
            return _option(field), None
        case "file":
            return _file(field), None
    if _takes_words(field):
        words = wording.plain()
        return [words.text], words.mark
    return _simple(field), None


def _file(field: Field) -> Any:
    """An upload; in a body that holds text alone, what JSON holds of bytes: Base64 (JSON Schema 2020-12 Validation, 8.3)."""
    name, content, media_type = upload(field)
    if field.location == "multipart":
        return name, content, media_type
    return base64.b64encode(content).decode("ascii")


def _takes_words(field: Field) -> bool:
    items = field.schema.get("items")
    return (
        field.schema.get("type") == "array"
        and isinstance(items, dict)
        and items.get("type") == "string"
        and "enum" not in items
    )


def _option(field: Field) -> Any:
    given = example_of(field)
    if given is not None:
        return given
    return next((value for word, value in OPTIONS.items() if word in words_of(field.name)), "gpt-5.4-mini")

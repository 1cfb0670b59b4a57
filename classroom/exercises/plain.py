"""Values as plain data: what a kernel sends of an answer, and what a check reads.

A value becomes JSON in the learner's kernel (`encode`) and a plain Python value where it is judged (`decode`); an object
becomes a `Thing`: the name of its type and its public fields. No code of the learner's travels along. A text, a list or
a file that is larger than any right answer is cut short, so that a message stays small.
"""

import base64
import contextlib
import dataclasses
import itertools
import math
import numbers
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

MOST_TEXT = 200_000  # characters of one text
MOST_BYTES = 6 * 1024 * 1024  # of one file
_MOST_ITEMS = 2_000
_MOST_FIELDS = 60
_DEEPEST = 8
_MOST_DIGITS = 40
_SHOWN = 80  # characters of a value in a message
_KEY = re.compile(r"\bsk-[A-Za-z0-9_-]{16,}")  # no message repeats one
_REPR = re.compile(
    r"<(?:[A-Za-z_]+\.)*(\w+)(?: object>|[^<>]* at 0x[0-9a-fA-F]+[^<>]*>)"
)  # what Python prints of an object


class NotPlain(ValueError):
    """What came is no encoded value."""


@dataclass(frozen=True)
class Thing:
    """An object that is no plain value: the name of its type, and its public fields as plain values.

    `ordered`: whether it is a tuple, too, whose items have names.
    """

    type: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    ordered: bool = False


def encode(value: Any, depth: int = 0) -> list[Any]:
    """A value as JSON: a list of its kind and its content."""
    if value is None or isinstance(value, bool):
        return ["constant", value]
    if isinstance(value, str):
        return ["text", str.__str__(value)[:MOST_TEXT]]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return ["bytes", base64.b64encode(bytes(value)[:MOST_BYTES]).decode()]
    if type(value) is float or isinstance(value, numbers.Number):
        return _encode_number(value)
    if depth >= _DEEPEST:
        return ["object", type(value).__name__, []]
    if isinstance(value, Mapping) and not hasattr(value, "model_dump"):
        items = itertools.islice(value.items(), _MOST_ITEMS)
        return ["dict", [[encode(name, depth + 1), encode(inner, depth + 1)] for name, inner in items]]
    if isinstance(value, (list, tuple, set, frozenset)) and not hasattr(value, "_fields"):
        kind = "list" if isinstance(value, list) else "tuple" if isinstance(value, tuple) else "set"
        inside: list[Any] = list(itertools.islice(iter(value), _MOST_ITEMS))
        if kind == "list" and set(map(type, inside)) == {float} and math.isfinite(sum(inside)):
            return ["vector", inside]  # of an embedding; many of them are compared
        return [kind, [encode(inner, depth + 1) for inner in inside]]
    fields = _fields_of(value)
    return [
        "named tuple" if isinstance(value, tuple) else "object",
        type(value).__name__[:_SHOWN],
        [[name, encode(inner, depth + 1)] for name, inner in fields.items()],
    ]


def _encode_number(value: Any) -> list[Any]:
    if isinstance(value, numbers.Integral):
        whole = int(value)
        return ["integer", str(whole)] if abs(whole) < 10**_MOST_DIGITS else ["object", "int", []]
    if isinstance(value, Decimal):
        return ["decimal", str(value)[:_MOST_DIGITS]]
    if isinstance(value, numbers.Real):
        return ["float", repr(float(value))]
    return ["object", type(value).__name__, []]


def _fields_of(value: Any) -> dict[str, Any]:
    """The public fields of an object; of an HTTP response status, type and body."""
    if hasattr(value, "status_code") and hasattr(value, "headers") and hasattr(value, "content"):
        kind = value.headers.get("content-type")
        libraries = {each.__module__.partition(".")[0] for each in type(value).__mro__}
        library = "httpx2" if "httpx2" in libraries else min(libraries - {"builtins"}, default="")
        return {
            "status_code": value.status_code,
            "content_type": kind,
            "content": value.content,
            "library": library,
        }
    if isinstance(value, type) or callable(value):
        return {}
    if hasattr(type(value), "model_fields"):
        found = {name: getattr(value, name, None) for name in type(value).model_fields}
    elif dataclasses.is_dataclass(value):
        found = {each.name: getattr(value, each.name, None) for each in dataclasses.fields(value)}
    elif hasattr(value, "_asdict"):
        found = dict(value._asdict())
    else:
        found = getattr(value, "__dict__", None) or {}
        found = {**found, **_slots_and_properties(value)}
    public = ((name, inner) for name, inner in found.items() if isinstance(name, str) and name[:1] != "_")
    return dict(itertools.islice(public, _MOST_FIELDS))


def _slots_and_properties(value: Any) -> dict[str, Any]:
    """The fields of an object that its class describes: slots and properties."""
    found: dict[str, Any] = {}
    for each in type(value).__mro__[:-1]:
        slots = vars(each).get("__slots__", ())
        names = [slots] if isinstance(slots, str) else list(slots)
        names += [name for name, inner in vars(each).items() if isinstance(inner, property)]
        for name in itertools.islice(names, _MOST_FIELDS):
            if isinstance(name, str) and name[:1] != "_":
                # a property of the learner's may raise anything; one of a library's may warn of itself
                with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
                    found.setdefault(name, getattr(value, name))
    return found


def decode(data: Any, depth: int = 0) -> Any:
    """The plain value; sets and dictionaries whose members can't be members become lists of them.

    Raises:
        NotPlain: it is no encoded value.
    """
    if not isinstance(data, list) or len(data) < 2 or depth > _DEEPEST + 1:
        raise NotPlain("no encoded value")
    kind, content = data[0], data[1]
    try:
        match kind:
            case "constant" if content is None or isinstance(content, bool):
                return content
            case "text" if isinstance(content, str):
                return content[:MOST_TEXT]
            case "bytes" if isinstance(content, str):
                return base64.b64decode(content, validate=True)
            case "integer" if isinstance(content, str) and len(content) <= _MOST_DIGITS + 1:
                return int(content)
            case "float" if isinstance(content, str) and len(content) <= _MOST_DIGITS:
                return float(content)
            case "decimal" if isinstance(content, str) and len(content) <= _MOST_DIGITS:
                return Decimal(content)
            case "vector" if isinstance(content, list) and set(map(type, content)) == {float}:
                return content[:_MOST_ITEMS]
            case "list" | "tuple" | "set" if isinstance(content, list):
                return _collection(kind, [decode(each, depth + 1) for each in content[:_MOST_ITEMS]])
            case "dict" if isinstance(content, list):
                pairs = [(decode(name, depth + 1), decode(inner, depth + 1)) for name, inner in content]
                return {name: inner for name, inner in pairs if isinstance(name, (str, int, float, bytes))}
            case "object" | "named tuple" if (
                isinstance(content, str) and len(data) == 3 and isinstance(data[2], list)
            ):
                fields = {str(name): decode(inner, depth + 1) for name, inner in data[2][:_MOST_FIELDS]}
                return Thing(content[:_SHOWN], fields, ordered=kind == "named tuple")
    except (ValueError, TypeError, InvalidOperation) as error:
        raise NotPlain(f"{kind} can't be read") from error
    raise NotPlain("no encoded value")


def _collection(kind: str, items: list[Any]) -> Any:
    if kind == "tuple":
        return tuple(items)
    if kind == "set" and all(isinstance(item, (str, int, float, bytes)) for item in items):
        return set(items)
    return items


def field_of(value: Any, name: str) -> Any:
    """A field of a dictionary or an object; None if there is no such field."""
    if isinstance(value, Mapping):
        return value.get(name)
    return value.fields.get(name) if isinstance(value, Thing) else None


def several(value: Any) -> list[Any] | None:
    """The items of a list or a tuple, those with names included; None for anything else."""
    if isinstance(value, Thing) and value.ordered:
        return list(value.fields.values())
    return list(value) if isinstance(value, (list, tuple)) else None


def number_of(value: Any) -> float | None:
    """A number, whatever its type; None for anything else, truth values and infinities included."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def shorten(text: str, most: int = _SHOWN) -> str:
    """One line of a text: control characters, broken characters and line ends replaced, the rest left out."""
    line = _KEY.sub("sk-…", _REPR.sub(r"an object of type \1", " ".join(text[: most * 4].split())))
    line = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def describe(value: Any) -> str:
    """A value in a few words, for a message."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, str):
        return f'"{shorten(value)}"' if value else "an empty text"
    if isinstance(value, bytes):
        return f"{len(value)} bytes, which begin with {value[:12]!r}" if value else "no bytes (b'')"
    if isinstance(value, (bool, int, float, Decimal)):
        return str(value)
    if isinstance(value, Mapping):
        names = ", ".join(shorten(str(name), 20) for name in list(value)[:5])
        return f"a dictionary with the keys {names}" if names else "an empty dictionary"
    if isinstance(value, (set, Sequence)):
        return _shown_collection(value)
    return f"an object of type {shorten(value.type, 40)}" if isinstance(value, Thing) else "an object"


def _shown_item(item: Any) -> str:
    """One of several: a text in fewer letters than one that is shown alone."""
    if isinstance(item, (list, dict)):
        return "…"
    return f'"{shorten(item, _SHOWN // 2)}"' if isinstance(item, str) and item else describe(item)


def _shown_collection(value: Any) -> str:
    kind = "list" if isinstance(value, list) else type(value).__name__
    if not value:
        return f"an empty {kind}"
    items = sorted(value, key=str) if isinstance(value, set) else list(value)
    inner = ", ".join(_shown_item(item) for item in items[:6])
    more = f" and {len(items) - 6} more" if len(items) > 6 else ""
    return f"a {kind} of {inner}{more}"

"""A body's bytes, parsed once and strictly: JSON in UTF-8 with each key once, or a form with each field once."""

import json
import re
from typing import Any, NoReturn

from classroom.proxy.fields.kinds import Either, Flag, Integer, Items, Kind, Number
from classroom.proxy.fields.media import File
from classroom.proxy.fields.shapes import Shape
from classroom.proxy.rules import refusals

_MOST_PARTS = 128
_MOST_VALUES = 1_000_000  # of a JSON body; to read more would keep others waiting
_LONGEST_HEAD = 4096
_LONGEST_FIELD = 1024 * 1024
_CHARSET = r"(?:;\s*charset=\"?utf-8\"?)?"  # the one that every form is read in
_BOUNDARY = re.compile(
    rf"multipart/form-data{_CHARSET};\s*boundary=(?:\"([^\"\r\n]{{1,70}})\"|([^\s\";,]{{1,70}})){_CHARSET}",
    re.IGNORECASE,
)
# .NET writes names without quotes where it need not
_DISPOSITION = re.compile(
    rb"form-data(?=;)(?:;[ \t]*name=(?:\"(?P<name>[^\"\r\n]{1,128})\"|(?P<bare>[^\s\";,=]{1,128})))"
    rb"(?:;[ \t]*filename=(?:\"(?P<file>[^\"\r\n]{0,1024})\"|(?P<bare_file>[^\s\";,=]{1,1024})))?"
    rb"(?:;[ \t]*filename\*=[^;\r\n]{0,1024})?[ \t]*",
    re.IGNORECASE,
)
_HEADERS = (b"content-disposition", b"content-type", b"content-length", b"content-transfer-encoding")
_FIELD = re.compile(r"(?P<name>[A-Za-z_]+)(?:\[(?P<inner>[A-Za-z_]*)\])?")
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_FLAGS = {"true": True, "false": False, "True": True, "False": False}


def of_json(content: bytes) -> dict[str, Any]:
    """The object of a JSON body.

    Raises:
        APIError: 400, it is no JSON in UTF-8, names a key twice, has a number that is none, or is no object.
    """

    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > _MOST_VALUES:
        raise refusals.unreadable(f"it has more than {_MOST_VALUES:,} values")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            seen: set[str] = set()
            twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
            raise refusals.wrong_value(twice[:64], "it is there twice", "duplicate_parameter")
        return made

    def finite(text: str) -> float:
        value = float(text)
        if value in (float("inf"), float("-inf")):
            refused(text)
        return value

    def refused(text: str) -> NoReturn:
        raise refusals.unreadable(f"{text[:20]} is no number")

    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=once,
            parse_constant=refused,
            parse_float=finite,
        )
    except (ValueError, RecursionError):
        raise refusals.unreadable("it is no JSON") from None
    if not isinstance(value, dict):
        raise refusals.unreadable("it is no JSON object")
    return value


def of_form(content: bytes, kind: str, declared: Kind) -> dict[str, Any]:
    """The fields of a form, as JSON would have them: `name[]` a list, `name[inner]` an object.

    Args:
        content: the body.
        kind: its `Content-Type`.
        declared: the route's fields, by which texts become numbers.

    Raises:
        APIError: 400, it is broken, or a field is there twice.
    """
    made: dict[str, Any] = {}
    fields = getattr(declared, "fields", {})
    for name, value in _parts(content, kind):
        found = _FIELD.fullmatch(name)
        if found is None or found["name"] not in fields:
            raise refusals.unknown_field(name[:64])
        outer, inner = found["name"], found["inner"]
        if inner is None:
            if outer in made:
                raise refusals.wrong_value(outer, "it is there twice", "duplicate_parameter")
            made[outer] = _as_json(value, fields[outer])
            continue
        within = _within(fields[outer], inner)
        if within is None:
            raise refusals.unknown_field(name[:64])
        _put(made.setdefault(outer, {} if inner else []), inner, _as_json(value, within), name)
    return made


def _put(holder: Any, inner: str, value: Any, name: str) -> None:
    """Into the list or the object that a field with brackets makes."""
    if not inner and isinstance(holder, list):
        holder.append(value)
    elif inner and isinstance(holder, dict) and inner not in holder:
        holder[inner] = value
    else:
        raise refusals.wrong_value(name[:64], "it is there twice", "duplicate_parameter")


def _within(kind: Kind, inner: str) -> Kind | None:
    """The kind of a list's items, or of an object's field; None if it is neither."""
    for one in kind.kinds if isinstance(kind, Either) else (kind,):
        if inner == "" and isinstance(one, Items):
            return one.of
        if inner and isinstance(one, Shape) and inner in one.fields:
            return one.fields[inner]
    return None


def _as_json(value: str | File, kind: Kind) -> Any:
    """A form knows texts alone: what the field's kind makes of one. What it makes nothing of stays a text, and is refused."""
    if isinstance(value, File):
        return value
    if isinstance(kind, Integer) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(kind, Number) and _NUMBER.fullmatch(value):
        return float(value)
    if isinstance(kind, Flag):
        return _FLAGS.get(value, value)
    return value


def _parts(content: bytes, kind: str) -> list[tuple[str, str | File]]:
    boundary = _BOUNDARY.fullmatch(kind.strip())
    if boundary is None:
        raise refusals.unreadable("send a form, as multipart/form-data with a boundary")
    mark = b"--" + (boundary[1] or boundary[2]).encode("latin-1")
    pieces = (b"\r\n" + content).split(b"\r\n" + mark)
    if len(pieces) > _MOST_PARTS + 2:
        raise refusals.unreadable(f"the form has more than {_MOST_PARTS} parts")
    if len(pieces) < 2 or pieces[0] or not pieces[-1].startswith(b"--") or pieces[-1][2:].strip(b"\r\n"):
        raise refusals.unreadable("the form is broken")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> tuple[str, str | File]:
    head, empty, body = piece.partition(b"\r\n\r\n")
    if not head.startswith(b"\r\n") or not empty or len(head) > _LONGEST_HEAD:
        raise refusals.unreadable("the form is broken")
    headers: dict[bytes, bytes] = {}
    for line in head[2:].split(b"\r\n"):
        header, _, value = line.partition(b":")
        if header.lower() not in _HEADERS or header.lower() in headers:
            raise refusals.unreadable("a part of the form has headers that no form needs")
        headers[header.lower()] = value.strip()
    found = _DISPOSITION.fullmatch(headers.get(b"content-disposition", b""))
    encoding = headers.get(b"content-transfer-encoding", b"binary").lower()
    if found is None or encoding not in (b"binary", b"7bit", b"8bit"):
        raise refusals.unreadable("a part of the form has no name, or is encoded")
    name = (found["name"] or found["bare"]).decode("latin-1")
    file = found["file"] if found["file"] is not None else found["bare_file"]
    if file is not None:
        return name, File(file.decode("utf-8", "replace"), body)
    if len(body) > _LONGEST_FIELD:
        raise refusals.wrong_value(name[:64], "it is too long")
    try:
        return name, body.decode("utf-8")
    except UnicodeDecodeError:
        raise refusals.wrong_value(name[:64], "it is not in UTF-8", "invalid_unicode") from None

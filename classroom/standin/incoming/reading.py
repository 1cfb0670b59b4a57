"""Requests as data: the key, the JSON or the form, with files and nested names."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Scope

from classroom.allowance import Allowance
from classroom.characters import without_half_characters
from classroom.standin.incoming import checks, errors
from classroom.standin.incoming.errors import APIError
from classroom.standin.incoming.uploaded import Upload
from classroom.standin.models.catalogue import Parameter

MAX_JSON = 25 * 1024 * 1024  # bytes; the API's own limit for one request is of this order
MAX_FORM = 128 * 1024 * 1024
_DEEPEST = 100  # containers within containers
_MOST_PARTS = 500_000  # values in one body; a conversation that fills a context has fewer
_PART_WEIGHT = 64  # bytes of memory that a value takes, beside its characters
_LONGEST_NAME = 200  # characters of a form's field
_DEEPEST_NAME = 5
_REDACTED = "[key redacted]"
_SHORTEST_KEY = 8  # shorter ones are words, which ordinary texts have, too


def headers_of(scope: Scope) -> dict[str, str]:
    """A request's headers, their names in small letters; of one that came twice, the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def key_of(headers: Mapping[str, str]) -> str:
    """The key that came with a request: as a bearer token, or in Azure's header `api-key`.

    Raises:
        APIError: 401 if there is none.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    key = token.strip() if scheme.lower() == "bearer" else ""
    key = key or headers.get("api-key", "").strip()
    if not key:
        raise errors.missing_key()
    return key


def check_is_json(request: Request) -> None:
    """Raises 400 where a request says that its body is something else than JSON; one that says nothing is read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind != "application/json":
        raise errors.invalid(
            f"Unsupported content type: '{kind}'. This API method only accepts 'application/json' requests. "
            "Send the header Content-Type: application/json.",
            None,
            "unsupported_content_type",
        )


async def read_json(request: Request, allowance: Allowance | None = None) -> dict[str, Any]:
    """The JSON object in a request's body.

    Raises:
        APIError: 400 if it is none, or nested too deeply; 413 if it is too large; 429 if the allowance is used up.
    """
    content = await _read(request, MAX_JSON, allowance)
    parts = sum(map(content.count, (b",", b"[", b"{")))
    if parts > _MOST_PARTS:
        raise APIError(413, f"The request has more than {_MOST_PARTS} values.", code="request_too_large")
    if allowance and not allowance.spend(parts * _PART_WEIGHT):
        raise errors.too_much_for_a_stand_in()
    try:
        body = json.loads(content, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise errors.invalid(
            "The body of the request is not valid JSON. Send a JSON object and the header Content-Type: application/json.",
            None,
            None,
        ) from None
    if not isinstance(body, dict):
        raise errors.invalid(
            f"Invalid type for body: expected an object, but got {checks.json_type(body)}.",
            None,
            "invalid_type",
        )
    _check_depth(body)
    # half of a pair is valid JSON (RFC 8259, section 8.2) but no text that can be sent back
    return without_half_characters(body) if b"\\ud" in content.lower() else body


def _finite(digits: str) -> float:
    """A number that can be sent back; NaN and Infinity are no JSON, and nothing of 1e999 is left in a float."""
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


def _check_depth(body: Any) -> None:
    level = [body]
    for _ in range(_DEEPEST):
        level = [
            child
            for each in level
            if isinstance(each, (dict, list))
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise errors.invalid(f"The body of the request is nested deeper than {_DEEPEST} levels.", None, None)


async def _read(request: Request, largest: int, allowance: Allowance | None) -> bytes:
    content = bytearray()
    announced = "content-length" in request.headers  # and counted when the request came
    async for chunk in request.stream():
        content.extend(chunk)
        if allowance and not announced and not allowance.spend(len(chunk)):
            raise errors.too_much_for_a_stand_in()
        if len(content) > largest:
            raise APIError(413, f"The request is larger than {largest} bytes.", code="request_too_large")
    return bytes(content)


async def read_form(
    request: Request, rules: Mapping[str, Parameter], allowance: Allowance | None = None
) -> dict[str, Any]:
    """The fields of a form, by the types that the rules give them.

    "include[]" makes a list, "expires_after[seconds]" an object. Texts become numbers and booleans where
    the rules ask for them and the text is one.

    Raises:
        APIError: 400 if the body is no form, 413 if it is too large, 429 if the allowance is used up.
    """
    kind = request.headers.get("content-type", "")
    if not kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        raise errors.invalid(
            f"Unsupported content type: '{kind or 'none'}'. This endpoint takes 'multipart/form-data'.",
            None,
            "unsupported_content_type",
        )
    request._body = await _read(
        request, MAX_FORM, allowance
    )  # Starlette's own cache: the form is parsed from it
    body: dict[str, Any] = {}
    try:
        async with request.form() as form:
            for name, value in form.multi_items():
                _put(body, name, await _value(value))
    except (MultiPartException, HTTPException) as error:
        raise errors.invalid(f"The form could not be read: {error}.", None, None) from None
    return {name: _convert(value, rules.get(name)) for name, value in body.items()}


async def _value(value: str | UploadFile) -> str | Upload:
    if isinstance(value, UploadFile):
        return Upload(
            value.filename or "upload", value.content_type or "application/octet-stream", await value.read()
        )
    return value


def _put(body: dict[str, Any], name: str, value: str | Upload) -> None:
    if len(name) > _LONGEST_NAME or name.count("[") > _DEEPEST_NAME:
        raise errors.invalid("The name of a field is too long.", None, "invalid_parameter")
    head, *inner = re.findall(r"[^\[\]]+|\[\]", name) or [name]
    if inner and inner[0] != "[]":
        nested = body.setdefault(head, {})
        if isinstance(nested, dict):
            _put(nested, inner[0] + "".join(f"[{each}]" for each in inner[1:]), value)
        return
    if inner or head in body:
        earlier = body.get(head, [])
        body[head] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
    else:
        body[head] = value


def _convert(value: Any, parameter: Parameter | None) -> Any:
    if not isinstance(value, str) or parameter is None or "string" in parameter.types:
        return value
    wanted = {"integer": int, "number": float}
    for kind, convert in wanted.items():
        if kind in parameter.types:
            try:
                return convert(value)
            except ValueError:
                return value
    if "boolean" in parameter.types and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    return [value] if "array" in parameter.types else value


def redact(value: Any, key: str) -> Any:
    """A value without the key: what goes into the journal.

    Uploads lose their bytes; a key in a text is blotted out wherever it stands.
    """
    if len(key) < _SHORTEST_KEY:
        key = ""
    return _without(value, key)


def _without(value: Any, key: str) -> Any:
    match value:
        case Upload():
            return _without(value.described(), key)
        case str():
            return value.replace(key, _REDACTED) if key else value
        case list():
            return [_without(each, key) for each in value]
        case dict():
            return {name: _without(each, key) for name, each in value.items()}
        case _:
            return value

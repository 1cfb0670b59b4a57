"""Where a running app serves its OpenAPI document, and what it says."""

from collections.abc import Sequence
from typing import Any

from grader import reading
from grader.collect.exchange.requests import Request
from grader.collect.exchange.session import Session
from grader.operations import Operation

_USUAL_PLACES = (
    "/openapi.json",
    "/api/openapi.json",
    "/schema/openapi.json",
    "/v1/openapi.json",
    "/swagger.json",
    "/apispec_1.json",
    "/api/schema/",
)


def fetch(session: Session, places: Sequence[str]) -> tuple[dict[str, Any], str | None]:
    """The app's OpenAPI document and where it was, ({}, None) if it serves none.

    Args:
        session: with the app.
        places: those that it has a route for; the usual ones are tried after them.
    """
    for place in dict.fromkeys([*places, *_USUAL_PLACES]):
        exchange = session.send("fetch the OpenAPI document", Request("GET", place))
        if exchange.status != 200 or exchange.body_sha256 is None:
            continue
        document = _parse(session.blobs.get(exchange.body_sha256, b""))
        if "paths" in document:
            return document, place
    return {}, None


def lookups(found: Sequence[Operation]) -> list[tuple[str, str]]:
    """The path and the input's name of each GET operation with one input, in its path."""
    return [
        (operation.path, operation.shapes[0][0].name)
        for operation in found
        if operation.method == "GET"
        and len(operation.shapes[0]) == 1
        and operation.shapes[0][0].location == "path"
    ]


def _parse(content: bytes) -> dict[str, Any]:
    try:
        value = reading.parse_json(content)
    except reading.Unreadable:
        return {}
    return value if isinstance(value, dict) else {}

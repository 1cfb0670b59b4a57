"""Asks an upstream for what it stores: whole answers, of a size that is bounded."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.fields.media import File
from classroom.proxy.rules.events import Event

LONGEST_ANSWER = 64 * 1024 * 1024
_SECONDS = 60
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class NoAnswerError(Exception):
    """The upstream gave no whole answer. `was_sent`: it has the request, and may have done what it asks."""

    def __init__(self, why: str, *, was_sent: bool) -> None:
        super().__init__(why)
        self.was_sent = was_sent


@dataclass(frozen=True)
class Sent:
    """What goes with a request: a query, and JSON or a form with a file."""

    json: Mapping[str, Any] | None = None
    file: File | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Fetched:
    """The upstream's answer. `kind`: its content type."""

    status: int
    content: bytes
    kind: str


async def fetch(
    upstream: Upstream, event: Event, method: str, path: str, sent: Sent | None = None
) -> Fetched:
    """Ask once.

    Args:
        upstream: whom.
        event: who is billed.
        method: of HTTP.
        path: after the version; identifiers in it are the attendee's own.
        sent: what goes with it.

    Raises:
        NoAnswerError: there is no whole answer.
    """
    sent = sent or Sent()
    options: dict[str, Any] = {"params": list(sent.query)} if sent.query else {}
    if sent.file is not None:
        named = _NAME.sub("-", sent.file.name)[-100:].lstrip(".-") or "file.bin"
        options["data"] = dict(sent.fields)
        options["files"] = {"file": (named, sent.file.content, "application/octet-stream")}
    elif sent.json is not None:
        options["json"] = sent.json
    try:
        async with (
            httpx2.AsyncClient(timeout=_SECONDS, trust_env=False) as client,
            client.stream(method, upstream.url(path), headers=upstream.headers(event), **options) as answer,
        ):
            parts = bytearray()
            async for part in answer.aiter_bytes():
                parts += part
                if len(parts) > LONGEST_ANSWER:
                    raise NoAnswerError("sent more than was asked for", was_sent=True)
    except (httpx2.ConnectError, httpx2.ConnectTimeout):
        raise NoAnswerError("can't be reached", was_sent=False) from None
    except httpx2.TimeoutException:
        raise NoAnswerError("did not answer in time", was_sent=True) from None
    except httpx2.HTTPError:
        raise NoAnswerError("broke off", was_sent=True) from None
    kind = answer.headers.get("content-type", "application/octet-stream")
    return Fetched(answer.status_code, bytes(parts), kind)

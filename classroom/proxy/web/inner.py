"""A call of a page's own to the proxy: it goes in where learners' calls go in, so that the same caps and books hold."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Reply:
    """What the proxy answered. `body` is empty if it was no JSON object."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def trouble(self) -> str:
        """Why it was refused, in a sentence; empty if it was not."""
        if self.status < 400:
            return ""
        error = self.body.get("error")
        message = error.get("message") if isinstance(error, Mapping) else None
        return message if isinstance(message, str) and message else f"The proxy answered {self.status}."


async def call(
    app: ASGIApp, token: str, method: str, path: str, address: str, body: Mapping[str, Any] | None = None
) -> Reply:
    """Ask the proxy with a learner's token.

    Args:
        app: the proxy.
        token: as it was typed.
        method, path: such as "POST", "/v1/responses".
        address: of the person who asks.
        body: JSON to send.
    """
    content = b"" if body is None else json.dumps(body).encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"api-key", token.encode("latin-1", "replace")),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
        ],
        "client": (address, 0),
    }
    sent = False
    parts: list[bytes] = []
    status = 500

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()  # this client does not hang up
        sent = True
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    try:
        answered = json.loads(b"".join(parts))
    except (ValueError, RecursionError):
        answered = {}
    return Reply(status, answered if isinstance(answered, dict) else {})

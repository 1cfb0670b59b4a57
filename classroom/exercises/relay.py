"""Passes requests on to another address, as they are: an ASGI application."""

import httpx
from starlette.types import Message, Receive, Scope, Send

_SECONDS = 60.0  # for each step of a request: a check gives up earlier
_NOT_PASSED = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection"})
_NOT_RETURNED = frozenset({b"transfer-encoding", b"connection", b"date", b"server"})


class Relay:
    """Passes requests on to `url`, the beginning of every address; a lost connection becomes a lost connection."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and its answer back piece by piece."""
        if scope["type"] != "http":
            return
        query = scope["query_string"].decode("latin-1")
        address = self._url + scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        headers = [(name, value) for name, value in scope["headers"] if name not in _NOT_PASSED]
        async with (
            httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client,
            client.stream(
                scope["method"], address, headers=headers, content=await _body(receive)
            ) as response,
        ):
            returned = [
                (name.lower(), value)
                for name, value in response.headers.raw
                if name.lower() not in _NOT_RETURNED
            ]
            await send({"type": "http.response.start", "status": response.status_code, "headers": returned})
            async for piece in response.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


async def _body(receive: Receive) -> bytes:
    content = bytearray()
    while True:
        message: Message = await receive()
        content += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(content)

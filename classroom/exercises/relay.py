"""Passes requests and WebSockets on to another address, as they are: an ASGI application."""

import asyncio
import contextlib

import httpx
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

_SECONDS = 60.0  # for each step of a request: a check gives up earlier
_NOT_PASSED = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection"})
_NOT_RETURNED = frozenset({b"transfer-encoding", b"connection", b"date", b"server"})


class Relay:
    """Passes requests on to `url`, the beginning of every address; a lost connection becomes a lost connection."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and its answer back piece by piece; or a WebSocket, message by message."""
        query = scope.get("query_string", b"").decode("latin-1")
        address = self._url + scope.get("raw_path", b"").decode("latin-1") + (f"?{query}" if query else "")
        if scope["type"] == "websocket":
            await _converse(address, scope, receive, send)
        if scope["type"] != "http":
            return
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


# what a handshake says of its own connection
_OF_THE_HANDSHAKE = frozenset({b"upgrade", b"origin"})


async def _converse(address: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Connect there as the caller connected here, then pass messages on in both directions until one side ends."""
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in scope["headers"]
        if name not in _NOT_PASSED | _OF_THE_HANDSHAKE and not name.startswith(b"sec-websocket-")
    ]
    await receive()  # the caller's wish to connect
    try:
        there = await connect(
            address.replace("http", "ws", 1),
            additional_headers=headers,
            subprotocols=[Subprotocol(each) for each in scope.get("subprotocols", ())] or None,
            open_timeout=_SECONDS,
            max_size=None,
            proxy=None,
            compression=None,
        )
    except InvalidStatus as refused:
        response = refused.response
        await _refuse(response.status_code, bytes(response.body or b""), scope, send)
        return
    except (OSError, WebSocketException):
        await send({"type": "websocket.close", "code": 1011})
        return
    async with there:
        await send({"type": "websocket.accept", "subprotocol": there.subprotocol})
        outgoing = asyncio.ensure_future(_pass_on(receive, there))
        try:
            async for message in there:
                kind = "text" if isinstance(message, str) else "bytes"
                await send({"type": "websocket.send", kind: message})
        except ConnectionClosed:
            pass
        finally:
            outgoing.cancel()
        with contextlib.suppress(RuntimeError, OSError):  # the caller may have left
            await send({"type": "websocket.close", "code": there.close_code or 1011})


async def _refuse(status: int, body: bytes, scope: Scope, send: Send) -> None:
    """Answer the wish to connect as it was answered there."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"application/json")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


async def _pass_on(receive: Receive, there: ClientConnection) -> None:
    """The caller's messages, until the caller ends the conversation."""
    while True:
        message: Message = await receive()
        if message["type"] == "websocket.disconnect":
            await there.close(message.get("code") or 1000)
            return
        content = message.get("text")
        await there.send(content if content is not None else message["bytes"])


async def _body(receive: Receive) -> bytes:
    content = bytearray()
    while True:
        message: Message = await receive()
        content += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(content)

"""The stand-in without a server: a transport for the client that the OpenAI SDK speaks through.

The same application as behind a socket; only the wire is missing. Faults that break the wire (a dropped or hanging
connection) are raised as the exceptions that a real transport raises.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from functools import cache
from typing import Any, TypeVar

import httpx2
from starlette.types import ASGIApp, Message

T = TypeVar("T")


class _Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """What was sent, piece by piece; broken off where the application broke off."""

    def __init__(self, pieces: list[bytes], whole: bool, request: httpx2.Request) -> None:
        self._pieces, self._whole, self._request = pieces, whole, request

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        self._check()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        self._check()

    def _check(self) -> None:
        if not self._whole:
            raise httpx2.RemoteProtocolError(
                "the connection was closed before the whole body was there", request=self._request
            )


class InProcess(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Hands requests to an ASGI application in this process, for sync and async clients alike."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request from a sync client, also from a thread in which an event loop runs."""
        return _on_own_loop(self._exchange(request, request.read()))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request from an async client."""
        return await self._exchange(request, await request.aread())

    async def _exchange(self, request: httpx2.Request, content: bytes) -> httpx2.Response:
        timeout = request.extensions.get("timeout", {}).get("read")
        sent: list[Message] = []
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        inbox.put_nowait({"type": "http.request", "body": content, "more_body": False})

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            async with asyncio.timeout(timeout):
                await self._application(_scope(request), inbox.get, send)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("no answer in time", request=request) from error
        return _response(request, sent)


def _scope(request: httpx2.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
    }


def _response(request: httpx2.Request, sent: list[Message]) -> httpx2.Response:
    starts = [message for message in sent if message["type"] == "http.response.start"]
    bodies = [message for message in sent if message["type"] == "http.response.body"]
    pieces = [message.get("body", b"") for message in bodies]
    whole = bool(bodies) and not bodies[-1].get("more_body", False)
    if not starts or not (whole or any(pieces)):
        raise httpx2.RemoteProtocolError("the connection was closed without an answer", request=request)
    return httpx2.Response(
        starts[0]["status"], headers=starts[0]["headers"], stream=_Body(pieces, whole, request)
    )


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One loop on a thread of its own, for every sync client of this process."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="standin-transport", daemon=True).start()
    return loop


def _on_own_loop(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()

"""The stand-in without a server: a transport for the clients that the OpenAI SDK speaks through.

The same application as behind a socket; only the wire is missing. One transport serves both libraries, `httpx2` (openai 3)
and `httpx` (openai 1 and 2), sync and async: it answers with the classes of the library that asks. Faults that break the
wire (a dropped or hanging connection) are raised as the exceptions that a real transport raises.
"""

import asyncio
import queue
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx2
from starlette.types import ASGIApp, Message

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport as AsyncOlderTransport
    from httpx import BaseTransport as OlderTransport
else:
    try:
        from httpx import AsyncBaseTransport as AsyncOlderTransport
        from httpx import BaseTransport as OlderTransport
    except ImportError:  # openai 3 does not bring it

        class OlderTransport:
            """In place of httpx', which nobody here speaks through."""

        class AsyncOlderTransport:
            """In place of httpx', which nobody here speaks through."""


_ENDED: Message = {"type": "standin.ended"}


class InProcess(httpx2.BaseTransport, httpx2.AsyncBaseTransport, OlderTransport, AsyncOlderTransport):
    """Hands requests to an ASGI application in this process, for clients of httpx2 and httpx, sync and async alike.

    `OpenAI(http_client=httpx2.Client(transport=…))`, `AsyncOpenAI(http_client=httpx2.AsyncClient(transport=…))`, and the
    same with `httpx` where the SDK is older than version 3.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    def handle_request(self, request: Any) -> Any:
        """One request from a sync client, also from a thread in which an event loop runs."""
        arrived: queue.SimpleQueue[Message] = queue.SimpleQueue()
        loop = _loop()
        running = _Running(self._application, request, request.read(), arrived.put)
        task = asyncio.run_coroutine_threadsafe(running.run(), loop)
        timeout = _patience(request)

        def next_message() -> Message:
            try:
                return arrived.get(timeout=timeout)
            except queue.Empty:
                task.cancel()
                raise _library(request).ReadTimeout("no answer in time", request=request) from None

        start = _started(next_message(), request)
        first = _sent(next_message(), request, any_before=False)
        body = _bodies(_library(request))(request, first)
        body.next_message, body.stop = next_message, task.cancel
        return _response(request, start, body)

    async def handle_async_request(self, request: Any) -> Any:
        """One request from an async client."""
        arrived: asyncio.Queue[Message] = asyncio.Queue()
        running = _Running(self._application, request, await request.aread(), arrived.put_nowait)
        task = asyncio.ensure_future(running.run())
        timeout = _patience(request)

        async def next_message() -> Message:
            try:
                async with asyncio.timeout(timeout):
                    return await arrived.get()
            except TimeoutError:
                task.cancel()
                raise _library(request).ReadTimeout("no answer in time", request=request) from None
            except asyncio.CancelledError:
                task.cancel()
                raise

        start = _started(await next_message(), request)
        first = _sent(await next_message(), request, any_before=False)
        body = _bodies(_library(request))(request, first)
        body.next_message_async, body.stop = next_message, task.cancel
        return _response(request, start, body)

    def close(self) -> None:
        """Nothing is held open."""

    async def aclose(self) -> None:
        """Nothing is held open."""


class _Running:
    """One exchange: the application's messages, handed on as it sends them."""

    def __init__(
        self, application: ASGIApp, request: Any, content: bytes, hand_on: Callable[[Message], None]
    ) -> None:
        self._application, self._scope, self._content = application, _scope(request), content
        self._hand_on = hand_on

    async def run(self) -> None:
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        inbox.put_nowait({"type": "http.request", "body": self._content, "more_body": False})

        async def send(message: Message) -> None:
            self._hand_on(message)
            await asyncio.sleep(0)  # who reads a stream gets each part before the next is made

        try:
            await self._application(self._scope, inbox.get, send)
        finally:
            self._hand_on(_ENDED)


class _Body:
    """What is sent, piece by piece as it comes; broken off where the application breaks off."""

    next_message: Callable[[], Message]
    next_message_async: Callable[[], Any]
    stop: Callable[[], object]

    def __init__(self, request: Any, first: Message) -> None:
        self._request, self._first = request, first

    def __iter__(self) -> Iterator[bytes]:
        message = self._first
        while True:
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return
            message = _sent(self.next_message(), self._request, any_before=True)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        message = self._first
        while True:
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return
            message = _sent(await self.next_message_async(), self._request, any_before=True)

    def close(self) -> None:
        self.stop()

    async def aclose(self) -> None:
        self.stop()


@cache
def _bodies(library: Any) -> Callable[[Any, Message], Any]:
    """The body's class for one library, which asks for descendants of its own."""
    return type("_Body", (_Body, library.SyncByteStream, library.AsyncByteStream), {})


def _library(request: Any) -> Any:
    """The library that a request is of: httpx2 or httpx."""
    return sys.modules[type(request).__module__.partition(".")[0]]


def _patience(request: Any) -> float | None:
    timeout: float | None = request.extensions.get("timeout", {}).get("read")
    return timeout


def _started(message: Message, request: Any) -> Message:
    if message["type"] != "http.response.start":
        raise _broken(request, "the connection was closed without an answer")
    return message


def _sent(message: Message, request: Any, *, any_before: bool) -> Message:
    if message["type"] != "http.response.body":
        raise _broken(
            request,
            "the connection was closed before the whole body was there"
            if any_before
            else "the connection was closed without an answer",
        )
    return message


def _broken(request: Any, why: str) -> Exception:
    error: Exception = _library(request).RemoteProtocolError(why, request=request)
    return error


def _response(request: Any, start: Message, body: Any) -> Any:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    return _library(request).Response(start["status"], headers=headers, stream=body)


def _scope(request: Any) -> dict[str, Any]:
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


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One loop on a thread of its own, for every sync client of this process."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="standin-transport", daemon=True).start()
    return loop

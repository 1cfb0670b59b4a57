"""The answers of frameworks that speak HTTP themselves, without WSGI or ASGI: aiohttp's and Tornado's.

Each shows a request, and the status of its answer, to `Watch`, which says what the status is to be.
"""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .boundaries import Boundaries, put_in_place

_HEARD = 20_000  # bytes of a request that show of which kind it is


class Watch(Protocol):
    """What looks at an app's requests and answers."""

    def here(self, method: str, path: str) -> list[dict[str, Any]]:
        """The operations that a request may be for."""

    def serving(
        self, here: list[dict[str, Any]], request_text: Callable[[], str]
    ) -> AbstractContextManager[None]:
        """While the app is at work on a request."""

    def status(
        self, status: int, here: list[dict[str, Any]], text: str, bare: bool, place: tuple[str, str]
    ) -> int:
        """The status to answer with."""


def watch_aiohttp(watch: Watch, boundaries: Boundaries) -> None:
    """Wrap the one method through which a server, aiohttp's test client included, asks an application."""
    from aiohttp import web

    real = web.Application._handle

    async def handle(app: Any, request: Any) -> Any:
        here = watch.here(request.method, request.path)

        def text() -> str:
            """What the app has read by now: reading it here would take a stream away from the app."""
            body = (getattr(request, "_read_bytes", None) or b"")[:_HEARD].decode("latin-1")
            return f"{request.path_qs} {body} {getattr(request, '_post', None) or ''}"

        with watch.serving(here, text):
            raised: web.HTTPException | None = None
            try:
                response = await real(app, request)
            except web.HTTPException as error:
                response = raised = error
        if here and not response.prepared:
            bare = web.Application.__dict__.get("_handle") is hook
            now = watch.status(response.status, here, text(), bare, (request.method, request.path))
            if now != response.status:
                response.set_status(now)
        if raised is not None:
            raise raised
        return response

    hook = boundaries.keeper.hide(functools.wraps(real)(handle))
    put_in_place(web.Application, "_handle", hook)


def watch_tornado(watch: Watch, boundaries: Boundaries) -> None:
    """Wrap what a handler does from a request to its answer, and the method that sends the status first."""
    from tornado import web

    execute, flush = web.RequestHandler._execute, web.RequestHandler.flush

    def text_of(request: Any) -> str:
        return f"{request.uri} {(request.body or b'')[:_HEARD].decode('latin-1')}"

    async def execute_(handler: Any, *rest: Any, **named: Any) -> None:
        request = handler.request
        with watch.serving(watch.here(request.method, request.path), lambda: text_of(request)):
            await execute(handler, *rest, **named)

    def flush_(handler: Any, *rest: Any, **named: Any) -> Any:
        request = handler.request
        here = watch.here(request.method, request.path)
        if here and not handler._headers_written:
            bare = web.RequestHandler.__dict__.get("flush") is hook
            place = (request.method, request.path)
            now = watch.status(handler.get_status(), here, text_of(request), bare, place)
            if now != handler.get_status():
                handler.set_status(now)
        return flush(handler, *rest, **named)

    hide = boundaries.keeper.hide
    hook = hide(functools.wraps(flush)(flush_))
    put_in_place(web.RequestHandler, "_execute", hide(functools.wraps(execute)(execute_)))
    put_in_place(web.RequestHandler, "flush", hook)

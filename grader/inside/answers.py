"""The app's own boundary: its answers, in whichever framework it is written and through whichever client a test asks."""

import contextlib
import functools
import importlib
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

from .boundaries import Boundaries, put_in_place
from .own_protocols import watch_aiohttp, watch_tornado

# frameworks, by the package that a submission imports: where their applications are called
_ASGI = {
    "starlette": ("starlette.applications", "Starlette"),
    "litestar": ("litestar", "Litestar"),
    "quart": ("quart", "Quart"),
}
_WSGI = {
    "flask": ("flask", "Flask"),
    "bottle": ("bottle", "Bottle"),
    "falcon": ("falcon", "App"),
    "pyramid": ("pyramid.router", "Router"),
}
_OWN = {"aiohttp": watch_aiohttp, "tornado": watch_tornado}
_HEARD = 20_000  # bytes of a request that show of which kind it is


class Answers:
    """Shows the grader the status of each answer to a request that generates, and answers with the one that comes back."""

    def __init__(self, boundaries: Boundaries, generating: list[dict[str, Any]]) -> None:
        self._boundaries = boundaries
        self._answered = False
        self._generating = [{**each, "path": re.compile(each["path"])} for each in generating]

    def watch(self, frameworks: list[str]) -> None:
        """Wrap the applications themselves: whichever client a test uses, its requests pass here."""
        for name in frameworks:
            with contextlib.suppress(ImportError, AttributeError):
                if name in _ASGI:
                    module, attribute = _ASGI[name]
                    self._watch_asgi(getattr(importlib.import_module(module), attribute))
                elif name in _WSGI:
                    module, attribute = _WSGI[name]
                    self._watch_wsgi(getattr(importlib.import_module(module), attribute))
                elif name in _OWN:
                    _OWN[name](self, self._boundaries)
                elif name == "django":
                    self._watch_django()

    def here(self, method: str, path: str) -> list[dict[str, Any]]:
        """The operations that a request may be for."""
        return [
            each for each in self._generating if method == each["method"] and each["path"].fullmatch(path)
        ]

    def _kinds(self, here: list[dict[str, Any]], text: str) -> list[str]:
        """Of which kinds the answer can be, by the path and by the words of the request."""
        words = set(re.findall(r"[a-z0-9]+", text.lower()))
        named = {each["kind"] for each in here if words & set(each["words"])}
        return sorted(named or {each["kind"] for each in here})

    def status(
        self, status: int, here: list[dict[str, Any]], text: str, bare: bool, place: tuple[str, str]
    ) -> int:
        """The status to answer with: the grader decides."""
        now = self._boundaries.decided(
            "app", {"status": status}, kinds=self._kinds(here, text), bare=bare, place=" ".join(place)
        )
        return int(now["status"])

    @contextlib.contextmanager
    def serving(self, here: Sequence[dict[str, Any]] = (), request_text: Callable[[], str] = str) -> Any:
        """While a request is answered. `here`, `request_text`: the operations that the request may be for, and its words, by which the kind of file is known."""
        if not self._answered:
            self._answered = True
            self._boundaries.tell(served=True)
        outer = self._boundaries.making, self._boundaries.request_text
        self._boundaries.serving += 1
        self._boundaries.making, self._boundaries.request_text = (
            lambda: self._kinds(list(here), request_text()),
            request_text,
        )
        try:
            yield
        finally:
            self._boundaries.serving -= 1
            self._boundaries.making, self._boundaries.request_text = outer

    def _watch_django(self) -> None:
        """The one method through which servers and Django's own test client ask."""
        from django.core.handlers.base import BaseHandler

        real = BaseHandler.get_response

        def get_response(handler: Any, request: Any) -> Any:
            here = self.here(request.method, request.path_info)
            if not here:
                with self.serving():
                    return real(handler, request)
            text = f"{request.get_full_path()} {request.body[:_HEARD].decode('latin-1')}"
            with self.serving(here, lambda: text):
                response = real(handler, request)
            bare = BaseHandler.__dict__.get("get_response") is hook
            place = (request.method, request.path_info)
            response.status_code = self.status(response.status_code, here, text, bare, place)
            return response

        hook = self._boundaries.keeper.hide(functools.wraps(real)(get_response))
        put_in_place(BaseHandler, "get_response", hook)

    def _watch_asgi(self, place: Any) -> None:
        asgi = place.__call__

        async def call_asgi(app: Any, scope: Any, receive: Any, send: Any) -> None:
            here = self.here(scope["method"], scope["path"]) if scope["type"] == "http" else []
            if scope["type"] != "http" or not here:
                with self.serving() if scope["type"] == "http" else contextlib.nullcontext():
                    await asgi(app, scope, receive, send)
                return

            heard: list[bytes] = [scope.get("query_string", b"")]

            async def receive_noted() -> Any:
                message = await receive()
                heard.append(message.get("body", b"")[:_HEARD])
                return message

            def request_text() -> str:
                return str(scope["path"]) + b" ".join(heard).decode("latin-1")

            async def send_changed(message: Any) -> None:
                if message["type"] == "http.response.start":
                    bare = place.__dict__.get("__call__") is hook
                    where = (scope["method"], scope["path"])
                    status = self.status(message["status"], here, request_text(), bare, where)
                    message = {**message, "status": status}
                await send(message)

            with self.serving(here, request_text), self._boundaries.keeper.hidden(send_changed) as sends:
                await asgi(app, scope, receive_noted, sends)

        hook = self._boundaries.keeper.hide(functools.wraps(asgi)(call_asgi))
        put_in_place(place, "__call__", hook)

    def _watch_wsgi(self, place: Any) -> None:
        wsgi = place.__call__

        def call_wsgi(app: Any, environ: Any, start_response: Any) -> Any:
            method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
            here = self.here(method, path)
            if not here:
                with self.serving():
                    return wsgi(app, environ, start_response)
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            text = f"{path} {environ.get('QUERY_STRING', '')} {body[:_HEARD].decode('latin-1')}"

            def start_changed(status: str, headers: Any, *rest: Any) -> Any:
                number, _, phrase = status.partition(" ")
                bare = place.__dict__.get("__call__") is hook
                now = self.status(int(number), here, text, bare, (method, path))
                return start_response(f"{now} {phrase}", headers, *rest)

            with self.serving(here, lambda: text), keeper.hidden(start_changed) as starts:
                return wsgi(app, environ, starts)

        keeper = self._boundaries.keeper
        hook = keeper.hide(functools.wraps(wsgi)(call_wsgi))
        put_in_place(place, "__call__", hook)

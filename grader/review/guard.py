"""Restricts the review page to the person who started it, and to requests from its own pages.

The address that is printed holds a ticket, which is good once and becomes a cookie. Other programs on this machine serve
pages, too, learners' apps among them, and cookies are not kept apart by port: every path begins with a name that only
this session knows, and the cookie goes to that path alone. A request must name this machine as its host (against DNS
rebinding), must not come from another site's page, and, if it changes something, must come from a page of ours and
bring the session's secret word (against request forgery).
"""

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from classroom.page_headers import PAGE_HEADERS
from grader.report.language import ENGLISH, Language

_NAMES = frozenset({"127.0.0.1", "localhost"})
_COOKIE = "review"
_MOST_BODY = 512 * 1024  # bytes of one request
_CLOSED = "This page is for the person who started the review: open the address that grader review printed. It is good once; end the review and start it again for another."


class Session:
    """The secrets of one review, and its language. `base`: what every path begins with; `word`: what every form brings."""

    def __init__(self, say: Language = ENGLISH) -> None:
        self.say = say
        self.base = f"/{secrets.token_hex(8)}"
        self.word = secrets.token_urlsafe(24)
        self._cookie = secrets.token_urlsafe(32)
        self._ticket: str | None = secrets.token_urlsafe(32)

    @property
    def path(self) -> str:
        """Of the address to print."""
        return f"{self.base}/open?ticket={self._ticket}"

    def opened(self, ticket: str) -> bool:
        """Whether a ticket is the right one; from now on it is good no more."""
        right = self._ticket is not None and _same(ticket, self._ticket)
        if right:
            self._ticket = None
        return right

    def set_cookie(self) -> str:
        """The header that keeps the session in the browser."""
        return f"{_COOKIE}={self._cookie}; Path={self.base}/; HttpOnly; SameSite=Strict"

    def knows(self, header: str) -> bool:
        """Whether a Cookie header is of this session."""
        try:
            found = SimpleCookie(header).get(_COOKIE)
        except CookieError:
            return False
        return found is not None and _same(found.value, self._cookie)

    def is_word(self, word: str) -> bool:
        """Whether a form brought the session's word."""
        return _same(word, self.word)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


class Guard:
    """Lets through what may come in, as ASGI; every answer gets the headers that keep the page to itself."""

    def __init__(self, app: ASGIApp, session: Session) -> None:
        self._app, self._session = app, session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a WebSocket: there is none here
            await send({"type": "websocket.close", "code": 1008})
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in PAGE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refusal(scope)
        if refused is not None:
            await refused(scope, receive, sent)
            return
        await self._app(scope, _bounded(receive), sent)

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer to what must not come in; also the one that opens the session."""
        headers = Headers(scope=scope)
        method, path = str(scope["method"]), str(scope["path"])
        host = headers.getlist("host")
        if len(host) != 1 or _host_name(host[0]) not in _NAMES:
            return PlainTextResponse("This server answers on this machine only.", 421)
        if method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("Not offered.", 405)
        if path == f"{self._session.base}/open" and method == "GET":
            return self._opening(scope, headers)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return PlainTextResponse("Not from another page.", 403)
        if not path.startswith(f"{self._session.base}/") or not self._session.knows(
            headers.get("cookie", "")
        ):
            return PlainTextResponse(_CLOSED, 403)
        if method == "POST":
            if headers.get("origin") != f"http://{host[0]}":
                return PlainTextResponse("Not from another page.", 403)
            length = headers.get("content-length", "")
            if not length.isdecimal() or int(length) > _MOST_BODY:
                return PlainTextResponse("That is too much text for one request.", 413)
        return None

    def _opening(self, scope: Scope, headers: Headers) -> Response:
        if "prefetch" in headers.get("sec-purpose", "") + headers.get("purpose", ""):
            return PlainTextResponse("Not ahead of time.", 403)  # a ticket is good once
        if self._session.knows(headers.get("cookie", "")):
            return self._onwards()
        ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [""])[0]
        if not self._session.opened(ticket):
            return PlainTextResponse(_CLOSED, 403)
        answer = self._onwards()
        answer.headers["set-cookie"] = self._session.set_cookie()
        return answer

    def _onwards(self) -> Response:
        # a page rather than a redirect: whatever led here, the next step is ours, and a strict cookie goes along
        to = f"{self._session.base}/"
        return HTMLResponse(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={to}">'
            f'<link rel="icon" href="data:,"><title>Review</title><p><a href="{to}">To the review</a></p></html>'
        )


def _host_name(host: str) -> str:
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return ""
    return "" if "@" in host else (parts.hostname or "")


def _bounded(receive: Receive) -> Receive:
    """The body's messages up to `_MOST_BODY` bytes, whatever its header says; then the client counts as gone."""
    left = _MOST_BODY

    async def received() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return received

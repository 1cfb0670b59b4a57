"""Requests for pages, and their answers: read strictly and within bounds, sent with headers that keep a page to itself."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlsplit

from starlette.types import Receive, Scope, Send

from classroom.page_headers import PAGE_HEADERS
from classroom.proxy import sending

_MOST_BODY = 256 * 1024  # bytes of a form
_MOST_FIELDS = 40
_SECONDS = 30.0  # for a whole form
_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?")


class Refused(Exception):
    """A request for a page that is not answered. The message is a sentence for the person who sent it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """A page, a table or a redirection."""

    content: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        """With every header that protects it."""
        headers = {**PAGE_HEADERS, "content-type": self.kind, **self.headers}
        await sending.send_whole(send, self.status, self.content, headers)

    def with_headers(self, headers: Mapping[str, str]) -> "Answer":
        """The same, with more headers."""
        return replace(self, headers={**self.headers, **headers})


def onward(to: str, headers: Mapping[str, str] | None = None) -> Answer:
    """See another page: a path of ours."""
    return Answer(status=303, kind="text/plain", headers={"location": to, **(headers or {})})


@dataclass(frozen=True)
class Asked:
    """A request for a page.

    Attributes:
        method, path: as they were sent; a path with percent signs or dots that climb fits no page.
        query: each name's first value.
        address: from where it came.
    """

    method: str
    path: str
    address: str
    query: Mapping[str, str]
    scope: Scope = field(repr=False)
    receive: Receive = field(repr=False)

    @classmethod
    def of(cls, scope: Scope, receive: Receive, path: str, address: str) -> "Asked":
        """The request of an ASGI scope."""
        query = scope.get("query_string", b"")[:4096].decode("latin-1")
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
        except ValueError:
            pairs = []
        return cls(str(scope["method"]), path, address, dict(reversed(pairs)), scope, receive)

    def header(self, name: str) -> str:
        """A header's first value, or an empty text."""
        wanted = name.encode()
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == wanted), "")

    @property
    def is_secure(self) -> bool:
        """Whether the browser came by HTTPS, as far as this server knows."""
        return self.scope.get("scheme") == "https"

    @property
    def origin(self) -> str:
        """The address of this proxy, as the browser has it."""
        host = self.header("host")
        return f"{'https' if self.is_secure else 'http'}://{host if _HOST.fullmatch(host) else '127.0.0.1'}"

    def cookie(self, name: str) -> str:
        """The value of a cookie, or an empty text."""
        try:
            found = SimpleCookie(self.header("cookie")).get(name)
        except CookieError:
            return ""
        return found.value if found else ""

    def check_same_origin(self) -> None:
        """That a form was sent from a page of ours.

        Raises:
            Refused: it was not, or nobody says so.
        """
        site = self.header("sec-fetch-site")  # browsers send it where a page is secure
        if site == "same-origin":
            return
        origin = self.header("origin")
        try:
            place = urlsplit(origin).netloc
        except ValueError:
            place = ""
        if site or not place or place != self.header("host"):
            raise Refused(403, "This form was not sent from a page of this proxy. Load the page again.")

    async def form(self) -> dict[str, str]:
        """The fields of a form, each once.

        Raises:
            Refused: it is too large, of another type, or names a field twice.
        """
        if self.header("content-type").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            raise Refused(415, "A form is wanted.")
        try:
            async with asyncio.timeout(_SECONDS):
                content = await self._whole()
        except TimeoutError:
            raise Refused(408, "The form did not arrive in time.") from None
        try:
            pairs = parse_qsl(
                content.decode("ascii"),
                keep_blank_values=True,
                max_num_fields=_MOST_FIELDS,
                errors="strict",
            )
        except (ValueError, UnicodeDecodeError):
            raise Refused(400, "The form could not be read.") from None
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise Refused(400, "The form names a field twice.")
        return {name: value.replace("\r\n", "\n").replace("\0", "") for name, value in fields.items()}

    async def _whole(self) -> bytes:
        content = bytearray()
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                raise Refused(400, "The form did not arrive.")
            content += message.get("body", b"")
            if len(content) > _MOST_BODY:
                raise Refused(413, "That is too much text for one form.")
            if not message.get("more_body"):
                return bytes(content)


def cookie(name: str, value: str, path: str, *, secure: bool, seconds: int) -> dict[str, str]:
    """The header that keeps a cookie; no seconds: the one that takes it away."""
    parts = [f"{name}={value}", f"Path={path}", "HttpOnly", "SameSite=Strict", f"Max-Age={seconds}"]
    return {"set-cookie": "; ".join([*parts, "Secure"] if secure else parts)}

"""Sends one request to the app and reads its answer: never longer than it may take, never more than is kept."""

import re
import secrets
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx

from classroom.s3 import S3Mock
from classroom.standin.mock import OpenAIMock
from grader.collect.exchange.answers import NotDecodable, TooLong, read_body
from grader.collect.exchange.presenting import Presented
from grader.collect.exchange.requests import Request
from grader.collect.exchange.sockets import Broken, converse
from grader.collect.exchange.transport import Inward
from grader.evidence import MAX_BLOB
from grader.sandbox import Sandbox

ANSWER_SECONDS = 30.0
_NOTHING = Presented()
_PLAIN = {"content-type": "text/plain; charset=utf-8"}
# a request is from one of these, so that no app knows the grader's by it
_CLIENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "PostmanRuntime/7.43.0",
    "axios/1.7.9",
    "curl/8.9.1",
    "okhttp/4.12.0",
    "python-httpx/0.28.1",
    "python-requests/2.32.3",
)
_REDIRECTS = 4  # followed in one exchange
# https://docs.djangoproject.com/en/5.2/howto/csrf/#using-csrf-protection-with-ajax and what others do alike
_TOKEN_HEADERS = ("X-CSRFToken", "X-CSRF-Token", "X-XSRF-TOKEN")
_TOKEN_COOKIE = re.compile(r"(?i)[\w-]{0,40}[cx]srf[\w-]{0,40}")
_PAGE_TOKEN = re.compile(
    rb"(?i)<(?:input|meta)[^>]{0,200}name=[\"'](?:csrf[\w-]{0,40})[\"'][^>]{0,200}(?:value|content)=[\"']([\w.=+/-]{8,400})[\"']"
)
_LARGEST_PAGE = 200_000
_TALK_SECONDS = 5.0  # of a conversation over a WebSocket in which messages came, and nothing was made


_BROKE = "the connection broke"


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP, or why nothing did.

    `heard`: the beginning of it as it came, with every redirect. `redirected_with`: the first one's status.
    """

    status: int | None = None
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    content: bytes = b""
    failure: str | None = None
    seconds: float = 0.0
    sent: bool = True
    heard: bytes = b""
    redirected_with: int | None = None

    @property
    def broke(self) -> bool:
        """Whether the app let go of the connection, as one does that crashes within an answer."""
        return self.status is None and (self.failure or "").startswith(_BROKE)

    @property
    def text(self) -> str:
        """The body, as text if it is any."""
        return self.content.decode("utf-8", "replace")


def _from_some_client(presented: Presented, request: Request, headers: Mapping[str, str]) -> dict[str, str]:
    """What a client calls itself, unless the app asks for that."""
    named = {name.lower() for name in (*presented.headers, *request.headers, *headers)}
    return {} if "user-agent" in named else {"user-agent": secrets.choice(_CLIENTS)}


class Transmitter:
    """The connection to one app. `is_failing`: whether OpenAI or S3 is made to fail meanwhile.

    Args:
        url: the app's.
        openai: the stand-in that the app calls.
        s3: its stand-in, to which a redirect may lead.
        headers: sent with every request.
        sandbox: in which the app runs.
    """

    def __init__(
        self, url: str, openai: OpenAIMock, s3: S3Mock, headers: dict[str, str], sandbox: Sandbox
    ) -> None:
        self.is_failing = False
        self._url, self._openai, self._headers, self._sandbox = url, openai, headers, sandbox
        self._s3 = s3
        self._page_token = ""
        # the environment's proxies are not for loopback; no redirect is followed unseen
        self._client = httpx.Client(
            base_url=url,
            timeout=ANSWER_SECONDS,
            trust_env=False,
            headers={"accept-encoding": "identity", **headers},
            transport=Inward(sandbox),
            event_hooks={"response": [self._accept_cookies]},
        )

    def _accept_cookies(self, _: httpx.Response) -> None:
        """A browser sends cookies that are for HTTPS alone to its own machine, too."""
        for cookie in self._client.cookies.jar:
            cookie.secure = False

    def _keep_token(self, answer: httpx.Response, content: bytes) -> None:
        """Of a page: what its scripts send back, so that the app knows that its own page asks."""
        if "html" in answer.headers.get("content-type", "") and (
            found := _PAGE_TOKEN.search(content[:_LARGEST_PAGE])
        ):
            self._page_token = found[1].decode("ascii")

    def _returned(self, request: Request) -> dict[str, str]:
        """A page's token, or that of a cookie, in the headers in which scripts send it."""
        if request.method in ("GET", "HEAD"):
            return {}
        named = (
            one.value for one in self._client.cookies.jar if _TOKEN_COOKIE.fullmatch(one.name) and one.value
        )
        token = self._page_token or next(named, "")
        return (
            dict.fromkeys(_TOKEN_HEADERS, token) if token.isascii() and token.isprintable() and token else {}
        )

    def has_cookies(self) -> bool:
        """Whether answers set cookies that go with later requests."""
        return len(self._client.cookies.jar) > 0

    def close(self) -> None:
        """Drop the connections."""
        self._client.close()

    def transmit(self, request: Request, presented: Presented = _NOTHING) -> Answer:
        """Send a request, and what goes with every one, and read its answer: never longer than it may take, never more than is kept."""
        if request.method == "WEBSOCKET":
            return self._converse(request, presented)
        began = time.monotonic()
        heard = bytearray()
        try:
            headers = httpx.Headers(
                {
                    **_from_some_client(presented, request, self._headers),
                    **self._returned(request),
                    **presented.headers,
                    **request.headers,
                }
            )
            following = self._client.build_request(
                request.method,
                presented.target(request.target),
                headers={**_PLAIN, **headers} if request.text is not None else headers,
                cookies=dict(presented.cookies) or None,
                **_body_of(request),
            )
            if not self._is_ours(following.url, self._url):
                return Answer(failure="the address is not the app's own")
            deadline, redirected_with = began + ANSWER_SECONDS, None
            for _ in range(_REDIRECTS + 1):
                left = httpx.Timeout(max(0.1, deadline - time.monotonic())).as_dict()
                following.extensions = {**following.extensions, "timeout": left, "heard": heard}
                with closing(self._client.send(following, stream=True)) as answer:
                    content = read_body(answer, deadline, MAX_BLOB)
                self._keep_token(answer, content)
                if answer.next_request is None or not self._may_follow(answer.next_request):
                    break
                if not _is_same_place(following.url, answer.next_request.url):
                    redirected_with = redirected_with or answer.status_code
                following = answer.next_request
        except (httpx.TimeoutException, TooLong):
            failure = f"no answer within {ANSWER_SECONDS:g} seconds"
            return Answer(failure=failure, seconds=time.monotonic() - began, heard=bytes(heard))
        except (httpx.HTTPError, httpx.InvalidURL, NotDecodable, UnicodeError) as error:
            failure = f"{_BROKE}: {type(error).__name__}"
            return Answer(failure=failure, seconds=time.monotonic() - began, heard=bytes(heard))
        seconds = time.monotonic() - began
        return Answer(
            answer.status_code,
            answer.headers,
            content,
            seconds=seconds,
            heard=bytes(heard),
            redirected_with=redirected_with,
        )

    def _converse(self, request: Request, presented: Presented) -> Answer:
        """Ask over a WebSocket; what came is the answer's body."""
        began = time.monotonic()
        address = httpx.URL(self._url)
        question = request.json if request.has_json else dict(request.form or {})
        headers = {**self._headers, **presented.headers, **request.headers}
        connection = self._sandbox.socket()
        made = len(self._openai.calls)
        heard = bytearray()

        def is_made() -> bool:
            answered = any(call.outputs for call in list(self._openai.calls)[made:])
            return answered or (not self.is_failing and time.monotonic() - began > _TALK_SECONDS)

        try:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect((address.host, address.port))
            url = f"ws://{address.host}:{address.port}{presented.target(request.target)}"
            status, content = converse(connection, url, question, headers, ANSWER_SECONDS, is_made, heard)
        except TimeoutError:
            failure = f"no answer within {ANSWER_SECONDS:g} seconds"
            return Answer(failure=failure, seconds=time.monotonic() - began, heard=bytes(heard))
        except (Broken, OSError) as error:
            failure = f"{_BROKE}: {error}"
            return Answer(failure=failure, seconds=time.monotonic() - began, heard=bytes(heard))
        finally:
            connection.close()
        media_type = (
            "application/json" if content.startswith((b"{", b"[")) and b"\n" not in content else "text/plain"
        )
        heads = httpx.Headers({"content-type": media_type})
        seconds = time.monotonic() - began
        return Answer(status, heads, content[:MAX_BLOB], seconds=seconds, heard=bytes(heard))

    def _may_follow(self, request: httpx.Request) -> bool:
        """Whether a redirect leads to the app, or to S3's stand-in to read there; none other is followed."""
        places = (self._url, self._s3.endpoint_url) if request.method in ("GET", "HEAD") else (self._url,)
        return self._is_ours(request.url, *places)

    @staticmethod
    def _is_ours(url: httpx.URL, *places: str) -> bool:
        return any(
            (url.scheme, url.host, url.port) == (own.scheme, own.host, own.port) and not url.userinfo
            for own in map(httpx.URL, places)
        )


def _is_same_place(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether two addresses differ by no more than a slash at the end, as frameworks correct it."""
    return (one.host, one.port, one.path.rstrip("/")) == (other.host, other.port, other.path.rstrip("/"))


def _body_of(request: Request) -> dict[str, Any]:
    """A request's body, as httpx's arguments name it."""
    if request.has_json:
        return {"json": request.json}
    if request.text is not None:
        return {"content": request.text.encode("utf-8", "replace")}
    return {"data": request.form, "files": request.files}

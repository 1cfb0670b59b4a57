"""The connections to the upstream, kept open between calls: a request goes out once, and each outcome has its own error.

aiohttp, whose parser is written in C: a call takes a quarter of the processor time that httpx needs for it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import aiohttp
import httpx2
from yarl import URL

from classroom.proxy.requests.bodies import Prepared

# seconds to connect, and between two parts of an answer; an answer as a whole may take as long as it takes
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10.0, sock_connect=10.0, sock_read=180.0)
_IDLE_SECONDS = (
    4.0  # servers close what is idle for longer; a request that meets the closing is lost, and charged
)
_LONGEST_HEADER = 64 * 1024
_NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)


class NotReachedError(Exception):
    """The request was not sent."""


class BrokenOffError(Exception):
    """The upstream has the request, and may ask money for it; the answer did not come, or not to its end.

    Args:
        late: whether it was waited for in vain.
    """

    def __init__(self, *, late: bool) -> None:
        super().__init__("did not answer in time" if late else "broke off")
        self.late = late


class Answer:
    """What came back.

    Attributes:
        status: of HTTP.
        headers: by their names in lower case.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            BrokenOffError: it did not come to its end.
        """
        with _translate_errors():
            return await self._response.read()

    async def parts(self) -> AsyncIterator[bytes]:
        """The body as it comes.

        Raises:
            BrokenOffError: it did not come to its end.
        """
        with _translate_errors():
            async for part in self._response.content.iter_any():
                yield part


class Connections:
    """To one upstream, while it is entered."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Connections":
        """Nothing of the environment (proxies, .netrc) is used, no cookie kept, no address followed."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_TIMEOUT,
            trust_env=False,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )
        return self

    async def __aexit__(self, *reason: object) -> None:
        """Close them."""
        if self._session is not None:
            await self._session.close()

    @contextlib.asynccontextmanager
    async def post(self, url: str, prepared: Prepared, headers: Mapping[str, str]) -> AsyncIterator[Answer]:
        """Send what was prepared.

        Raises:
            NotReachedError: nobody has the request.
            BrokenOffError: the upstream has it, and did not answer.
        """
        kind, content = _body(prepared, url)
        async with self._asked(
            "POST", url, data=content, headers={**headers, "content-type": kind}
        ) as answer:
            yield answer

    @contextlib.asynccontextmanager
    async def get(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Answer]:
        """Ask for what is there.

        Raises:
            NotReachedError: nobody has the request.
            BrokenOffError: the upstream did not answer.
        """
        async with self._asked("GET", url, headers=headers) as answer:
            yield answer

    @contextlib.asynccontextmanager
    async def _asked(self, method: str, url: str, **options: Any) -> AsyncIterator[Answer]:
        assert self._session is not None
        # encoded: a quoted slash in a model's name stays one
        address = URL(url, encoded=True)
        with _translate_errors():
            response = await self._session.request(method, address, allow_redirects=False, **options)
        try:
            yield Answer(response)
        finally:
            response.release() if response.content.at_eof() else response.close()


def _body(prepared: Prepared, url: str) -> tuple[str, bytes]:
    """The content type and the bytes; a form is written by httpx, which OpenAI's SDK uses."""
    if prepared.json is not None:
        return "application/json", prepared.json
    fields: dict[str, list[str]] = {}
    for name, value in prepared.form:
        fields.setdefault(name, []).append(value)
    written = httpx2.Request("POST", url, data=fields, files=list(prepared.files))
    return written.headers["content-type"], written.read()


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except _NOT_SENT:
        raise NotReachedError from None
    except (TimeoutError, aiohttp.ClientError) as error:
        raise BrokenOffError(late=isinstance(error, asyncio.TimeoutError)) from None

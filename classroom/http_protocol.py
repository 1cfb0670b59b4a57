"""How HTTP is read: by httptools, a parser in C, with a bound on what comes before a body; where it is missing, by h11, which has one.

Uvicorn's own protocol on httptools keeps as many headers as are sent, and as many requests as come at once.
"""

import asyncio
from typing import Literal

LONGEST_HEAD = 64 * 1024  # bytes: the first line and the headers, or what follows a body
_MOST_AT_ONCE = 16  # requests that wait on one connection for the answer to the one before


def bounded_http() -> type[asyncio.Protocol] | Literal["h11"]:
    """For `uvicorn.Config(http=…)`."""
    return _BOUNDED or "h11"


def _bounded() -> type[asyncio.Protocol] | None:
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        return None

    class BoundedProtocol(HttpToolsProtocol):
        """Ends a connection on which a head grows, or requests pile up, beyond the bounds."""

        _head = 0  # bytes of the head that were parsed
        _unparsed = 0  # bytes since the parser last made something of them

        def data_received(self, data: bytes) -> None:
            """Raw bytes: those of a head that does not end are counted here, as the parser keeps them to itself."""
            self._unparsed += len(data)
            super().data_received(data)
            if self._unparsed > LONGEST_HEAD and not self.transport.is_closing():
                self._refuse()

        def on_message_begin(self) -> None:
            """A request begins."""
            self._head = 0
            if len(self.pipeline) >= _MOST_AT_ONCE:
                raise ValueError("too many requests at once")
            super().on_message_begin()

        def on_url(self, url: bytes) -> None:
            """A part of its address."""
            self._grow(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            """A header, or a trailer."""
            self._grow(len(name) + len(value))
            super().on_header(name, value)

        def on_headers_complete(self) -> None:
            """The head is over."""
            self._unparsed = 0
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            """A part of the body."""
            self._unparsed = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            """The request is over."""
            self._unparsed = 0
            super().on_message_complete()

        def _grow(self, size: int) -> None:
            self._head += size
            if self._head > LONGEST_HEAD:
                raise ValueError("the head is too long")  # the parser makes it an error of its own

        def _refuse(self) -> None:
            self.send_400_response("The head of the request is too long.")

    return BoundedProtocol


_BOUNDED = _bounded()

"""How HTTP is read: by httptools, a parser in C, with a bound on what comes before a body; where it is missing, by h11, which has one.

Uvicorn's own protocol on httptools keeps as many headers as are sent, and as many requests as come at once.
"""

import asyncio
from typing import Literal

LONGEST_HEAD = 64 * 1024  # bytes: the first line and the headers, or what follows a body
# seconds that a connection may idle: longer than clients keep one, so that no request meets one that is being closed
# (httpx keeps one for 5 seconds, which is uvicorn's own bound; aiohttp for 15)
LONGEST_IDLE = 75
_MOST_AT_ONCE = 16  # requests that wait on one connection for the answer to the one before


def bounded_http() -> type[asyncio.Protocol] | Literal["h11"]:
    """For `uvicorn.Config(http=…)`."""
    return _BOUNDED or "h11"


def _bounded() -> type[asyncio.Protocol] | None:
    try:
        import httptools
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        return None

    class BoundedProtocol(HttpToolsProtocol):
        """Ends a connection on which a head grows, or requests pile up, beyond the bounds.

        An offer to go on in another protocol is declined by answering in this one (RFC 9110, 7.8): Java's client offers HTTP/2 with
        each first request. The parser then leaves the body to that protocol, so that another parser goes on with it.
        """

        _head = 0  # bytes of the head that were parsed
        _goes_on = False  # whether the head that is parsed only says how long a body is
        _unparsed = 0  # bytes since the parser last made something of them

        def data_received(self, data: bytes) -> None:
            """Raw bytes: those of a head that does not end are counted here, as the parser keeps them to itself."""
            self._unparsed += len(data)
            self._unset_keepalive_if_required()
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                if self._should_upgrade():
                    self.handle_websocket_upgrade()
                    return
                self._decline(data[offer.args[0] :])
            except httptools.HttpParserError:
                self.send_400_response("Invalid HTTP request received.")
                return
            if self._unparsed > LONGEST_HEAD and not self.transport.is_closing():
                self._refuse()

        def _decline(self, rest: bytes) -> None:
            """Read on in HTTP/1.1: the request's body, and what follows it."""
            lengths = [
                name + b": " + value + b"\r\n"
                for name, value in self.headers
                if name in (b"content-length", b"transfer-encoding")
            ]
            self.cycle.more_body = True  # its task has not run yet
            self.parser = httptools.HttpRequestParser(self)
            self._goes_on = True
            self.data_received(b"POST / HTTP/1.1\r\n" + b"".join(lengths) + b"\r\n" + rest)

        def on_message_begin(self) -> None:
            """A request begins."""
            if self._goes_on:
                return
            self._head = 0
            if len(self.pipeline) >= _MOST_AT_ONCE:
                raise ValueError("too many requests at once")
            super().on_message_begin()

        def on_url(self, url: bytes) -> None:
            """A part of its address."""
            if self._goes_on:
                return
            self._grow(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            """A header, or a trailer."""
            if self._goes_on:
                return
            self._grow(len(name) + len(value))
            super().on_header(name, value)

        def on_headers_complete(self) -> None:
            """The head is over."""
            self._unparsed = 0
            if self._goes_on:
                self._goes_on = False
                return
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

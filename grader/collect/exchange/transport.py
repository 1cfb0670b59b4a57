"""HTTP to the inside of a sandbox: httpx, with connections over sockets that were made there.

What answers there is a stranger's program: a connection has one deadline for all that comes, however slowly, and so much
room for what comes before an answer's body.
"""

import socket
import time
from collections.abc import Iterable
from typing import Any

import h11
import httpcore
import httpx

from grader.sandbox import Sandbox

MOST_HEARD = 1024 * 1024  # bytes that a request's extension `heard` keeps
_MOST_HEAD = 256 * 1024  # bytes of status lines and headers, interim answers' included
_USUAL_SECONDS = 30.0


class _Stream(httpcore.NetworkStream):
    """One connection, which ends at a moment of `time.monotonic()`."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self.head_left: int | None = (
            _MOST_HEAD  # bytes that may still come before the body; None once it has begun
        )
        self.heard: bytearray | None = None

    def _wait(self, timeout: float | None) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole answer is over")
        self._connection.settimeout(left if timeout is None else min(left, timeout))

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come, waiting up to `timeout` seconds."""
        try:
            self._wait(timeout)
            content = self._connection.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        if self.heard is not None:
            self.heard += content[: max(0, MOST_HEARD - len(self.heard))]
        if self.head_left is not None:
            self.head_left -= len(content)
            if self.head_left < -max_bytes:  # the last piece may hold the beginning of a body
                raise httpcore.RemoteProtocolError("the headers have no end")
        return content

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        try:
            self._wait(timeout)
            self._connection.sendall(buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def get_extra_info(self, info: str) -> Any:
        """httpcore asks whether an idle connection has something to read."""
        return self._connection if info == "socket" else None


class _Backend(httpcore.NetworkBackend):
    """Connects inside a sandbox, and only to its loopback."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to a port of the inside."""
        if host != "127.0.0.1":
            raise httpcore.ConnectError(f"{host} is not on the inside")
        connection = self._sandbox.socket()
        try:
            connection.settimeout(timeout)
            connection.connect((host, port))
        except TimeoutError as error:
            connection.close()
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            connection.close()
            raise httpcore.ConnectError(str(error)) from error
        return _Stream(connection, time.monotonic() + (_USUAL_SECONDS if timeout is None else timeout))

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Inward(httpx.HTTPTransport):
    """httpx's transport, with another way to connect.

    Each request has a connection of its own: one that the app has just closed would look like the app's fault. All of it,
    from connecting to the answer's last byte, may take as long as the request's timeout for connecting. A bytearray that a
    request has as its extension `heard` gets what came, as it came: with what a client never sees of an answer.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        # not the parent's own: it reads the machine's certificates for 20 milliseconds, and nothing here is encrypted
        self._pool = httpcore.ConnectionPool(
            network_backend=_Backend(sandbox), max_keepalive_connections=0, max_connections=100
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; what comes before the answer's body must be HTTP, and must end."""
        opened: list[_Stream] = []

        def trace(name: str, facts: dict[str, Any]) -> None:
            if name == "connection.connect_tcp.complete":
                opened.append(facts["return_value"])
                opened[-1].heard = request.extensions.get("heard")
            elif name == "http11.receive_response_headers.complete" and opened:
                opened[-1].head_left = None

        request.extensions = {**request.extensions, "trace": trace}
        try:
            return super().handle_request(request)
        except h11.ProtocolError as error:  # of answers that httpcore itself has no word for
            raise httpx.RemoteProtocolError(str(error), request=request) from error

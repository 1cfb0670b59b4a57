"""Serves ASGI applications from a thread of this process, on 127.0.0.1 by default."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from classroom.http_protocol import bounded_http

LOOPBACK = "127.0.0.1"
_START_SECONDS = 15.0
_STOP_SECONDS = 5.0
_MOST_CONNECTIONS = 500
_LAST_PORT = 65_535
_ANYWHERE = "192.0.2.1"  # an address for examples, which no computer has (RFC 5737)


class PortTaken(Exception):
    """The port asked for is in use."""


def bind(port: int = 0, host: str = LOOPBACK) -> socket.socket:
    """A socket on an address of this computer; port 0 lets the system choose.

    Args:
        port: where to listen.
        host: an address or a name of this computer; "0.0.0.0" lets other computers in.

    Raises:
        PortTaken: another program listens there, the number is no port's, or the address is none of this computer's.
    """
    if not 0 <= port <= _LAST_PORT:
        raise PortTaken(f"{port} is not a port: ports are numbered up to {_LAST_PORT}. 0 takes a free one.")
    try:
        [(family, _, _, _, address), *_] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise PortTaken(
            f"'{host}' is no address of this computer. Use 127.0.0.1, or 0.0.0.0 for all."
        ) from error
    # the protocol by name: asyncio sends without delay (TCP_NODELAY) only on sockets that say they are TCP, and
    # without it every answer waits 40 ms for an acknowledgement
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        where = f"Port {port}" if host == LOOPBACK else f"{host}, port {port}"
        raise PortTaken(
            f"{where} is taken or not allowed ({error.strerror}). Choose another with --port, or 0 for any."
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Where this computer reaches a listener, without a trailing slash."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - every address, loopback among them
        host = LOOPBACK if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def network_url_of(listener: socket.socket) -> str:
    """Where other computers reach a listener that lets them in, as far as this one knows; else as `url_of`."""
    host, port = listener.getsockname()[:2]
    if host != "0.0.0.0":  # noqa: S104 - every address: one of them has to be named
        return url_of(listener)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # sends nothing: it only chooses the address that packets would leave from
            probe.connect((_ANYWHERE, 9))
        except OSError:
            return url_of(listener)
        return f"http://{probe.getsockname()[0]}:{port}"


class Switch:
    """An ASGI application that can be replaced by another one for a while, behind the same address."""

    def __init__(self, usual: ASGIApp) -> None:
        self._present = usual

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the present one answer."""
        await self._present(scope, receive, send)

    @contextmanager
    def to(self, other: ASGIApp) -> Iterator[None]:
        """Let another application answer meanwhile."""
        before, self._present = self._present, other
        try:
            yield
        finally:
            self._present = before


class LoopbackServer:
    """Serves one ASGI application until `stop()`: on a port, or on a socket that listens already."""

    def __init__(
        self,
        app: ASGIApp,
        port: int = 0,
        listener: socket.socket | None = None,
        *,
        host: str = LOOPBACK,
        websockets: bool = False,
    ) -> None:
        self._listener = listener or bind(port, host)
        self.port: int = self._listener.getsockname()[1]
        self._url = url_of(self._listener)
        config = uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio" if websockets else "none",
            ws_per_message_deflate=False,
            server_header=False,
            timeout_keep_alive=30,
            limit_concurrency=_MOST_CONNECTIONS,
            http=bounded_http(),
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._listener]},
            name=f"loopback:{self.port}",
            daemon=True,
        )

    @property
    def url(self) -> str:
        """Where this computer reaches it, without a trailing slash."""
        return self._url

    def start(self) -> None:
        """Return once requests are accepted.

        Raises:
            RuntimeError: the server ended or did not come up in time.
        """
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError(f"the server on {self.url} did not start")
            time.sleep(0.002)

    def stop(self) -> None:
        """Close every connection, open answers included; also where it never started."""
        self._server.should_exit = True
        self._server.force_exit = True
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)
        self._listener.close()

"""HTTP to the inside of a sandbox: httpx, with connections over sockets that were made there."""

import socket
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from grader.sandbox import Sandbox


class _Stream(httpcore.NetworkStream):
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come, waiting up to `timeout` seconds."""
        try:
            self._connection.settimeout(timeout)
            return self._connection.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        try:
            self._connection.settimeout(timeout)
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
        return _Stream(connection)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Inward(httpx.HTTPTransport):
    """httpx's transport, with another way to connect.

    Each request has a connection of its own: one that the app has just closed would look like the app's fault.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.ConnectionPool(
            network_backend=_Backend(sandbox), max_keepalive_connections=0, max_connections=100
        )

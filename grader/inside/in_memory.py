"""A Redis that keeps everything in memory, for an app whose author has one: it ends with the sandbox that it runs in."""

import contextlib
import socket
import sys
import threading
from typing import Any

_USUAL = ("127.0.0.1", 6379)


def serve(order: dict[str, Any]) -> None:
    """Serve on the socket that came with the order, and at the usual place where it is free, until killed."""
    try:
        from fakeredis import FakeServer, TcpFakeServer
    except ImportError:
        sys.exit(0)  # not installed beside these packages: the app finds no server, and the report says so
    listeners = [socket.socket(fileno=order["files"][-1])]
    with contextlib.suppress(OSError):
        usual = socket.socket()
        usual.bind(_USUAL)
        usual.listen(64)
        listeners.append(usual)
    kept = FakeServer()
    for listener in listeners:
        server = TcpFakeServer(listener.getsockname()[:2], bind_and_activate=False)
        server.socket.close()
        server.socket, server.fake_server = listener, kept
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever).start()

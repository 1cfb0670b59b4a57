"""Prints the addresses at which nothing answers: an app that waits for a service of its own says nothing while it waits.

Imports nothing outside the standard library. The lines look like a server's own news, and say nothing of the app.
"""

import functools
import os
import socket
import time
from collections.abc import Callable
from typing import Any

# read by grader.collect.code.services
LINE = "INFO:     Nothing answers at {place} in this sandbox."
_PAUSE = 1.0  # seconds before an address is named again
_MOST = 500  # lines of one process
_LONGEST = 200  # characters of a host's name


def install(tell: Callable[[str], None] | None = None) -> None:
    """From now on a connection that is refused, or a host that is not found, is named.

    Args:
        tell: called with `host:port`; a line on the standard error, if it is left out.
    """
    notice = _Notice(tell or _print)
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    @functools.wraps(resolve)
    def getaddrinfo(host: Any, port: Any = None, *rest: Any, **named: Any) -> Any:
        try:
            return resolve(host, port, *rest, **named)
        except socket.gaierror:
            notice.note(host, port)
            raise

    @functools.wraps(connect)
    def connected(self: Any, address: Any) -> Any:
        try:
            return connect(self, address)
        except (BlockingIOError, InterruptedError):
            raise
        except OSError:
            if isinstance(address, tuple) and len(address) >= 2:
                notice.note(address[0], address[1])
            raise

    socket.getaddrinfo = getaddrinfo
    socket.socket.connect = connected  # type: ignore[method-assign]


class _Notice:
    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._last: dict[str, float] = {}
        self._count = 0

    def note(self, host: Any, port: Any) -> None:
        """Name an address, unless it was named a moment ago."""
        name = host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)
        place = " ".join(f"{name[:_LONGEST]}:{str(port)[:20]}".split())
        now = time.monotonic()
        if self._count >= _MOST or now - self._last.get(place, -_PAUSE) < _PAUSE:
            return
        self._count += 1
        self._last[place] = now
        self._tell(place)


def _print(place: str) -> None:
    # the file itself: what an app puts in the place of sys.stderr is its own
    os.write(2, f"{LINE.format(place=place)}\n".encode())

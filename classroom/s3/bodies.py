"""Request and response bodies of S3's stand-in: counted as they are read."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from classroom.allowance import Allowance

PIECE = 1024 * 1024
_MOST_HEARD = PIECE // 4  # bytes of one body, of which several arrive at once


class TooMuch(Exception):
    """A body is larger than it may be."""


class Measured:
    """A request's body, counted as it is read. `heard`: the beginning of what was read, if it `hears`."""

    def __init__(self, inner: Any, allowance: Allowance | None, most: int, *, hears: bool = False) -> None:
        self._inner, self._allowance, self._left = inner, allowance, most
        self._unheard = _MOST_HEARD if hears else 0
        self.heard = bytearray()

    def _counted(self, content: bytes) -> bytes:
        self._left -= len(content)
        if self._left < 0 or (self._allowance and not self._allowance.spend(len(content))):
            raise TooMuch
        if self._unheard:
            self.heard += content[: self._unheard]
            self._unheard = max(0, self._unheard - len(content))
        return content

    def read(self, size: int = -1) -> bytes:
        """As of a file, a piece at a time."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(PIECE), b""))
        return self._counted(self._inner.read(min(size, PIECE)))

    def readline(self, size: int = -1) -> bytes:
        """As of a file."""
        return self._counted(self._inner.readline(PIECE if size is None or size < 0 else min(size, PIECE)))

    def readlines(self, hint: int = -1) -> list[bytes]:
        """As of a file."""
        return list(iter(self.readline, b""))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")


class Leaving:
    """An answer on its way out; says when it is out, or its reader is gone."""

    def __init__(self, answer: Iterable[bytes], done: Callable[[], None]) -> None:
        self._answer, self._done = answer, done

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        """As WSGI's servers call it at the end, whatever that was (PEP 3333)."""
        try:
            getattr(self._answer, "close", lambda: None)()
        finally:
            self._done()

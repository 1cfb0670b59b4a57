"""Request and response bodies of S3's stand-in: counted as they are read."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from classroom.allowance import Allowance

PIECE = 1024 * 1024
MOST_HEARD = PIECE // 4  # bytes of one body at a time, of which several arrive at once
_OVERLAP = 4 * 1024  # bytes that are heard once more, with what follows on them


class TooMuch(Exception):
    """A body is larger than it may be."""


class Measured:
    """A request's body, counted as it is read; what was read is shown to `hears`, in pieces that overlap."""

    def __init__(
        self,
        inner: Any,
        allowance: Allowance | None,
        most: int,
        *,
        hears: Callable[[bytes], object] | None = None,
    ) -> None:
        self._inner, self._allowance, self._left = inner, allowance, most
        self._hears = hears
        self._heard = bytearray()
        self._new = 0  # bytes at the end of it that were not shown yet

    def _counted(self, content: bytes) -> bytes:
        self._left -= len(content)
        if self._left < 0 or (self._allowance and not self._allowance.spend(len(content))):
            raise TooMuch
        if self._hears:
            self._heard += content
            self._new += len(content)
            if len(self._heard) >= MOST_HEARD:
                self.show()
        return content

    def show(self) -> None:
        """Show what was read since the last time."""
        if self._hears and self._new:
            self._hears(bytes(self._heard))
            self._heard, self._new = self._heard[-_OVERLAP:], 0

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

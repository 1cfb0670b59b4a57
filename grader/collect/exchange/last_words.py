"""What an app printed about a request: a server prints the traceback of a crash after it has answered."""

import time
from typing import Protocol

_LAST_WORDS = 0.5  # seconds that a crash's traceback may take to come
_PAUSE = 0.01
_QUIET = 0.03  # seconds without another byte: the traceback is whole
_SERVER_S_OWN = ("INFO:", "DEBUG:")  # of lines that a server prints while it starts, which may come late


class Prints(Protocol):
    """What runs and prints: see `grader.sandbox.job.Job`."""

    @property
    def printed(self) -> int:
        """Bytes so far."""

    def log_since(self, start: int) -> str:
        """What was printed after so many bytes."""


def printed_since(printing: Prints, before: int, *, crashed: bool) -> str:
    """What was printed after so many bytes; `crashed`: a traceback is expected, and waited for."""
    deadline = time.monotonic() + _LAST_WORDS
    while crashed and time.monotonic() < deadline:
        total = printing.printed
        if not _says_more(printing.log_since(before)):
            time.sleep(_PAUSE)
            continue
        time.sleep(_QUIET)
        if printing.printed == total:
            break
    return printing.log_since(before)


def _says_more(text: str) -> bool:
    """Whether a line is there that is not the server's own news."""
    return any(line.strip() and not line.startswith(_SERVER_S_OWN) for line in text.splitlines())

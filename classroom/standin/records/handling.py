"""Which requests the stand-in has in hand, and for how long: a client that gave up before its answer was not at fault."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count


class Handling:
    """The requests that are being answered. Safe to read from another thread than the server's."""

    def __init__(self) -> None:
        self._numbers = count()
        self._open: dict[int, float] = {}  # when each came, on the clock of `time.monotonic`
        self._lock = threading.Lock()

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Within, one request is in hand."""
        number = next(self._numbers)
        with self._lock:
            self._open[number] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._open[number]

    def longest(self, since: float) -> float:
        """How many seconds ago the oldest request came that is still in hand, of those that came since then; 0.0 without one.

        Args:
            since: on the clock of `time.monotonic`.
        """
        with self._lock:
            came = min((each for each in self._open.values() if each >= since), default=None)
        return 0.0 if came is None else time.monotonic() - came

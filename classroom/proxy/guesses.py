"""Wrong tokens, counted by address: whoever tries codes has to wait."""

import time
from collections import OrderedDict
from collections.abc import Callable

from classroom.proxy import refusals

_MOST_ADDRESSES = 20_000


class Guesses:
    """At most `limit` wrong tokens from an address in `seconds`; right ones are never counted."""

    def __init__(
        self, limit: int = 30, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def check(self, address: str) -> None:
        """Before a token is looked at.

        Raises:
            APIError: 429, too many were wrong.
        """
        since, count = self._wrong.get(address, (0.0, 0))
        left = since + self._seconds - self._clock()
        if count >= self._limit and left > 0:
            raise refusals.guessing(max(1, round(left)))

    def wrong(self, address: str) -> None:
        """One more."""
        now = self._clock()
        since, count = self._wrong.pop(address, (now, 0))
        self._wrong[address] = (since, count + 1) if now - since < self._seconds else (now, 1)
        while len(self._wrong) > _MOST_ADDRESSES:
            self._wrong.popitem(last=False)

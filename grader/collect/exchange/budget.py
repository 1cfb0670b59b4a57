"""Limits how many calls to OpenAI one request may cause, so that a flood can't hide what the grader looks for."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from classroom.allowance import Allowance

MOST_CALLS = 100  # of one request


@dataclass
class PerRequest(Allowance):
    """An allowance that also counts what one request leads to; `begin` starts to count from nothing.

    `refused`: how many calls were more than one request, or all of them together, may make, since then.
    """

    refused: int = 0
    _left: int = MOST_CALLS
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self) -> None:
        """Another request is sent now."""
        with self._counting:
            self._left, self.refused = MOST_CALLS, 0

    def take(self, headers: Mapping[str, str]) -> bool:
        """Whether one more call is allowed, of this request and of all together."""
        with self._counting:
            if self._left < 1:
                self.refused += 1
                return False
            self._left -= 1
        if super().take(headers):
            return True
        with self._counting:
            self.refused += 1
        return False

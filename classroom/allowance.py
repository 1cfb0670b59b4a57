"""How much a stand-in accepts before it refuses, so that a caller that never stops can't fill this computer's memory."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Allowance:
    """So many requests and so many bytes, together; what is more is refused, and not recorded.

    Bytes are those of headers and bodies as they are read, and of what is kept because of them.
    """

    requests: int
    bytes: int
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, headers: Mapping[str, str]) -> bool:
        """Whether one more request is still allowed, by its headers, their names in small letters.

        An announced length is counted now, so that many bodies at once are not more than one after the other; a body
        without is for `spend`, as it is read.
        """
        length = headers.get("content-length", "")
        announced = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0
        weight = sum(len(name) + len(value) for name, value in headers.items())
        with self._lock:
            if self.requests < 1 or self.bytes < announced + weight:
                return False
            self.requests -= 1
            self.bytes -= announced + weight
            return True

    def spend(self, size: int) -> bool:
        """Count so many bytes more; whether they were still allowed."""
        with self._lock:
            self.bytes -= size
            return self.bytes >= 0

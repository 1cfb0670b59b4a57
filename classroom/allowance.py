"""How much a stand-in takes before it says no: a caller that never stops must not fill this computer's memory."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Allowance:
    """So many requests and so many bytes of bodies, together; what is more is refused, and not recorded.

    `unmeasured`: the bytes that a body of unknown length counts as.
    """

    requests: int
    bytes: int
    unmeasured: int = 25 * 1024 * 1024
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, headers: Mapping[str, str]) -> bool:
        """Whether one more request is still allowed; its headers, their names in small letters, tell its length."""
        length = headers.get("content-length", "")
        size = int(length) if length.isdigit() else 0
        if "chunked" in headers.get("transfer-encoding", "").lower():
            size = self.unmeasured
        with self._lock:
            if self.requests < 1 or self.bytes < size:
                return False
            self.requests -= 1
            self.bytes -= size
            return True

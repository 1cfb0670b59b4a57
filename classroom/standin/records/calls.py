"""One call that reached the stand-in, as a frozen record."""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from classroom.standin.models.costs import Usage, cost_of

OutputKind = Literal["text", "image", "audio"]


def fingerprint(key: str) -> str:
    """A key's fingerprint: enough to compare two, useless to call with."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Output:
    """One thing that was generated, as bytes (a text as UTF-8)."""

    kind: OutputKind
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Hex digest of the content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Call:
    """One request to the stand-in and what it was answered.

    `key` is a fingerprint, never the key. `retry_count` is what the SDK says of itself (0 for a first try).
    `fault` names the scripted fault that answered instead of the route, if one did. `at`: seconds on a clock
    that only grows. `answer_sha256`: of the answer's body as it was sent. `retry_after`: the seconds that the
    answer asked to wait. `body`: the parsed request; of an uploaded file everything but its bytes.
    """

    id: str
    method: str
    path: str
    route: str
    key: str | None
    organization: str | None
    project: str | None
    body: Any
    status: int
    error_code: str | None
    outputs: tuple[Output, ...]
    retry_count: int
    fault: str | None
    at: float = 0.0
    answer_sha256: str | None = None
    retry_after: float | None = None
    usage: Usage | None = None

    @property
    def cost(self) -> Decimal:
        """What the call would have cost, in US dollars; 0 if it was refused.

        Raises:
            Unpriced: the model or a unit has no known price.
        """
        return cost_of(self.usage) if self.usage else Decimal(0)

    def mentions(self, text: str) -> bool:
        """Whether a text occurs anywhere in the request's body."""
        return json.dumps(text, ensure_ascii=False)[1:-1] in json.dumps(self.body, ensure_ascii=False)

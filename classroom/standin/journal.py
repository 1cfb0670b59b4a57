"""What reached the stand-in: one frozen record a call, for who holds the Python object or the control port."""

import hashlib
import json
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, overload

from classroom.standin.costs import Unpriced, Usage, cost_of
from classroom.standin.verdicts import Verdict, judge
from classroom.standin.weights import weight_of

MOST_BYTES = 64 * 1024 * 1024  # of all calls that are kept

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


class Journal(Sequence[Call]):
    """The calls in the order of their arrival. Safe to read from another thread than the server's.

    Where they take more memory than `most_bytes`, the oldest are dropped; `dropped` says how many. The latest call
    always stays. A call keeps its identifier: after 20 were dropped, the first is "call-21".

    Args:
        most_bytes: of memory that the calls take, about; None: no bound.
    """

    def __init__(self, most_bytes: int | None = MOST_BYTES) -> None:
        self._most = most_bytes
        self._calls: deque[tuple[Call, int]] = deque()
        self._weight = self._made = 0
        self._spent = Decimal(0)  # for what was dropped
        self._unpriced: Unpriced | None = None
        self._lock = threading.Lock()

    def record(self, **facts: Any) -> Call:
        """Append one call; the journal gives it its identifier."""
        with self._lock:
            self._made += 1
            call = Call(id=f"call-{self._made}", **facts)
            weight = weight_of(call) if self._most is not None else 0
            self._calls.append((call, weight))
            self._weight += weight
            while self._most is not None and self._weight > self._most and len(self._calls) > 1:
                self._drop(*self._calls.popleft())
        return call

    def _drop(self, call: Call, weight: int) -> None:
        self._weight -= weight
        try:
            self._spent += call.cost
        except Unpriced as error:
            self._unpriced = error

    @property
    def made(self) -> int:
        """How many calls there were, with those that were dropped."""
        return self._made

    @property
    def dropped(self) -> int:
        """How many of the earliest calls are kept no longer."""
        with self._lock:
            return self._made - len(self._calls)

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._calls.clear()
            self._weight = self._made = 0
            self._spent, self._unpriced = Decimal(0), None

    def to(self, route: str) -> list[Call]:
        """The calls to one route, such as "images/generations"."""
        return [call for call in self._snapshot() if call.route == route]

    def by(self, key: str) -> list[Call]:
        """The calls made with one key (the key itself, not its fingerprint)."""
        return [call for call in self._snapshot() if call.key == fingerprint(key)]

    def mentioning(self, text: str) -> list[Call]:
        """The calls whose body holds a text."""
        return [call for call in self._snapshot() if call.mentions(text)]

    def refused(self) -> list[Call]:
        """The calls that were answered with an error."""
        return [call for call in self._snapshot() if call.status >= 400]

    @property
    def cost(self) -> Decimal:
        """What all the calls would have cost together, those that were dropped included, in US dollars.

        Raises:
            Unpriced: for one of them no price is known.
        """
        with self._lock:
            calls, spent, unpriced = list(self._calls), self._spent, self._unpriced
        if unpriced is not None:
            raise unpriced
        return sum((call.cost for call, _ in calls), spent)

    def verdicts(self) -> list[Verdict]:
        """What the caller did wrong, if anything: see `classroom.standin.verdicts`."""
        return judge(self._snapshot())

    def _snapshot(self) -> list[Call]:
        with self._lock:
            return [call for call, _ in self._calls]

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(self._snapshot())

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        return self._snapshot()[index]

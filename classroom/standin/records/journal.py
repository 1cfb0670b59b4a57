"""The journal: one frozen record for each call that reached the stand-in."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, overload

from classroom.standin.models.costs import Unpriced
from classroom.standin.records.calls import Call, Output, OutputKind, fingerprint
from classroom.standin.records.verdicts import Verdict, judge
from classroom.standin.records.weights import weight_of

__all__ = ["Call", "Journal", "Output", "OutputKind", "fingerprint"]

MOST_BYTES = 64 * 1024 * 1024  # of all calls that are kept


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
        """What the caller did wrong, if anything: see `classroom.standin.records.verdicts`."""
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

"""What reached the stand-in: one frozen record a call, for whoever holds the Python object."""

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

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
    `fault` names the scripted fault that answered instead of the route, if one did.
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

    def mentions(self, text: str) -> bool:
        """Whether a text occurs anywhere in the request's body."""
        return json.dumps(text, ensure_ascii=False)[1:-1] in json.dumps(self.body, ensure_ascii=False)


class Journal(Sequence[Call]):
    """All calls in the order of their arrival. Safe to read from another thread than the server's."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def record(self, **facts: Any) -> Call:
        """Append one call; the journal gives it its identifier."""
        with self._lock:
            call = Call(id=f"call-{len(self._calls) + 1}", **facts)
            self._calls.append(call)
        return call

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._calls.clear()

    def to(self, route: str) -> list[Call]:
        """The calls to one route, such as "images/generations"."""
        return [call for call in self._snapshot() if call.route == route]

    def _snapshot(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

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

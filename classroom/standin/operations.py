"""What a route is: an operation of the API, what it is asked, and the function that answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from classroom.standin.outgoing.answers import Answer

if TYPE_CHECKING:
    from classroom.standin.state import StandIn

Reads = Literal["json", "form", "either", "nothing"]


@dataclass(frozen=True)
class Asked:
    """A request that was let in.

    Attributes:
        body: the parsed JSON or form; a file in a form is an `Upload`.
        path: what stood in the path's places, such as {"id": "file-1"}.
        query: the query's parameters.
        base_url: scheme and authority under which the caller reached the stand-in.
    """

    body: Mapping[str, Any] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""


Compute = Callable[["StandIn", Asked], Answer]


@dataclass(frozen=True)
class Operation:
    """One method on one path.

    Attributes:
        method: of HTTP.
        path: under the base URL, with places in braces: "files/{id}/content".
        compute: the answer; raises `APIError` for what it refuses.
        reads: what its body is.
        rules: the block of `catalogue.toml` that bounds its parameters; None if it takes none.
        slow: whether it computes for so long that it belongs on a thread of its own, by its body if it depends.
        retired: since when OpenAI serves it no more, and what to use; None while it is served.
    """

    method: str
    path: str
    compute: Compute
    reads: Reads = "nothing"
    rules: str | None = None
    slow: bool | Callable[[Mapping[str, Any]], bool] = False
    retired: "Retired | None" = None

    def is_slow(self, body: Mapping[str, Any]) -> bool:
        """Whether a request belongs on a thread of its own."""
        return self.slow(body) if callable(self.slow) else self.slow

    @property
    def route(self) -> str:
        """What the journal and faults call it: the path, whatever the method."""
        return self.path


@dataclass(frozen=True)
class Retired:
    """An endpoint's end: its day (None where OpenAI names none) and what replaces it."""

    since: str | None
    replacement: str

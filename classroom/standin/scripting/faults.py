"""Scripted faults: the failures that an app should survive.

Statuses, types and codes: https://developers.openai.com/api/docs/guides/error-codes.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from classroom.standin.incoming.errors import APIError

Effect = Literal["error", "hang", "slow", "drop", "truncate", "malformed", "wrong_type", "empty"]

# The wait that an error asks for: short, so that a test that meets it stays quick.
RETRY_SOON = {"retry-after": "1", "retry-after-ms": "5"}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    `times`: how many calls it meets (None: every one until cleared). `after`: how many pass first.
    `route`: only calls to that route, such as "images/generations", or its first word, "images".
    `seconds`: how long "slow" and "hang" wait.
    """

    effect: Effect
    name: str
    status: int = 200
    message: str = ""
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int | None = None
    after: int = 0
    route: str | None = None
    seconds: float = 600.0

    def error(self) -> APIError:
        """The error that an "error" fault answers with."""
        return APIError(self.status, self.message, self.type, self.param, self.code, self.headers)

    def concerns(self, route: str) -> bool:
        """Whether calls to that route meet it."""
        return self.route is None or route == self.route or route.split("/")[0] == self.route


_BY_STATUS: Mapping[int, tuple[str, str, str | None]] = {
    400: ("invalid_request_error", "The request was refused.", None),
    401: (
        "invalid_request_error",
        "Incorrect API key provided: it ends in ****. Check it on your keys page.",
        "invalid_api_key",
    ),
    403: ("invalid_request_error", "This key may not use that resource.", "permission_denied"),
    404: ("invalid_request_error", "The resource does not exist.", None),
    409: ("invalid_request_error", "The resource was changed by another request. Try again.", None),
    429: (
        "requests",
        "Rate limit reached: too many requests a minute. Wait a little, then try again.",
        "rate_limit_exceeded",
    ),
    500: ("server_error", "The server had an error while processing your request. Try again.", None),
    502: ("server_error", "Bad gateway.", None),
    503: ("server_error", "The engine is overloaded. Try again later.", None),
}

_BY_CODE: Mapping[str, tuple[int, str, str]] = {
    "insufficient_quota": (
        429,
        "insufficient_quota",
        "You exceeded your current quota. Check your plan and billing details.",
    ),
    "content_policy_violation": (
        400,
        "invalid_request_error",
        "Your request was rejected by the safety system: the prompt is not allowed by the content policy.",
    ),
    "rate_limit_exceeded": (429, "requests", _BY_STATUS[429][1]),
    "invalid_api_key": (401, "invalid_request_error", _BY_STATUS[401][1]),
}

EFFECTS: tuple[Effect, ...] = ("hang", "slow", "drop", "truncate", "malformed", "wrong_type", "empty")


def fault(
    status: int | None = None, code: str | None = None, effect: Effect = "error", **options: Any
) -> Fault:
    """Build a fault from what a person knows of it.

    `fault(status=429)`, `fault(code="insufficient_quota")`, `fault(effect="hang")`; the rest has OpenAI's values.

    Raises:
        ValueError: neither a status, a known code nor an effect was named.
    """
    if effect != "error":
        if effect not in EFFECTS:
            raise ValueError(f"unknown effect {effect!r}; known: {', '.join(EFFECTS)}")
        return Fault(effect=effect, name=effect, **options)
    if code is not None and code in _BY_CODE:
        known_status, kind, message = _BY_CODE[code]
        facts: dict[str, Any] = {
            "status": status or known_status,
            "type": kind,
            "message": message,
            "code": code,
        }
    elif status is not None:
        kind, message, known_code = _BY_STATUS.get(
            status, ("server_error" if status >= 500 else "invalid_request_error", "Error.", None)
        )
        facts = {"status": status, "type": kind, "message": message, "code": code or known_code}
    else:
        raise ValueError(f"name a status, a code ({', '.join(_BY_CODE)}) or an effect ({', '.join(EFFECTS)})")
    if facts["status"] == 429 or facts["status"] >= 500:
        facts["headers"] = RETRY_SOON
    facts.update(options)
    return Fault(effect="error", name=str(facts["code"] or facts["status"]), **facts)


class FaultScript:
    """The faults still to come, in the order they were scripted. Safe across threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Append a fault."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        """Those that are still to come, in their order."""
        with self._lock:
            return list(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def take(self, route: str, fits: Callable[[Fault], bool] | None = None) -> Fault | None:
        """The fault that the next call to a route meets, used up by one; None if it meets none.

        `fits`: those that can be met at this moment of a call.
        """
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not fault.concerns(route) or (fits is not None and not fits(fault)):
                    continue
                if fault.after > 0:
                    self._faults[index] = replace(fault, after=fault.after - 1)
                    continue
                if fault.times is not None:
                    left = replace(fault, times=fault.times - 1)
                    self._faults[index : index + 1] = [left] if left.times else []
                return fault
        return None


# What the errors above say, so that a search for OpenAI's own words in an answer finds them.
MESSAGES = tuple(
    dict.fromkeys(
        [message for _, message, _ in _BY_STATUS.values()] + [message for *_, message in _BY_CODE.values()]
    )
)

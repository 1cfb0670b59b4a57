"""Rate limits, as buckets that refill steadily: so many requests and tokens in so many seconds.

Headers and message: https://developers.openai.com/api/docs/guides/rate-limits.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from classroom.standin.incoming.errors import APIError

Per = Literal["organization", "key"]


@dataclass(frozen=True)
class RateLimit:
    """How much one caller may ask for.

    Attributes:
        requests: calls in a window; None for no bound.
        tokens: tokens in a window, counted before the call: a quarter of the characters sent, plus the
            longest answer asked for; None for no bound.
        seconds: how long a window is; the API's own is a minute.
        per: who shares it: all keys of an organization (the header OpenAI-Organization), or one key.
        route: only calls to that route, such as "images/generations", or its first word, "images".

    Raises:
        ValueError: neither requests nor tokens, or a bound below 1.
    """

    requests: int | None = None
    tokens: int | None = None
    seconds: float = 60.0
    per: Per = "organization"
    route: str | None = None

    def __post_init__(self) -> None:
        if self.requests is None and self.tokens is None:
            raise ValueError("a rate limit needs requests, tokens, or both")
        if any(bound is not None and bound < 1 for bound in (self.requests, self.tokens)):
            raise ValueError("a rate limit's requests and tokens must be at least 1")
        if not self.seconds > 0:
            raise ValueError("a rate limit's seconds must be more than 0")
        if self.per not in ("organization", "key"):
            raise ValueError(f"a rate limit is per 'organization' or per 'key', not per {self.per!r}")

    def concerns(self, route: str) -> bool:
        """Whether calls to that route count."""
        return self.route is None or route == self.route or route.split("/")[0] == self.route


@dataclass
class _Bucket:
    capacity: int
    seconds: float
    level: float
    at: float

    def refill(self, now: float) -> None:
        self.level = min(self.capacity, self.level + (now - self.at) * self.capacity / self.seconds)
        self.at = now

    def wait_for(self, amount: float) -> float:
        """Seconds until that much is there."""
        return max(0.0, (amount - self.level) * self.seconds / self.capacity)


@dataclass(frozen=True)
class Caller:
    """Who asks: the key's fingerprint and the organization named in the header, if any."""

    key: str
    organization: str | None


class RateLimiter:
    """The limits in force and what is left of them. Safe across threads.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limits: list[RateLimit] = []
        self._buckets: dict[tuple[int, str, str], _Bucket] = {}
        self._lock = threading.Lock()

    def add(self, limit: RateLimit) -> None:
        """From now on, that limit is in force beside the others."""
        with self._lock:
            self._limits.append(limit)

    def all(self) -> list[RateLimit]:
        """Those in force."""
        with self._lock:
            return list(self._limits)

    def clear(self) -> None:
        """No limits."""
        with self._lock:
            self._limits.clear()
            self._buckets.clear()

    def admit(self, caller: Caller, route: str, tokens: int) -> Mapping[str, str]:
        """Count one call.

        Returns:
            The `x-ratelimit-*` headers, of the tightest limit of each unit; none if no limit concerns the call.

        Raises:
            APIError: 429 `rate_limit_exceeded`, with `retry-after` and `retry-after-ms`. Nothing is counted then.
        """
        if not self._limits:
            return {}
        with self._lock:
            now = self._clock()
            asked = [
                (unit, self._bucket(index, limit, unit, caller, now), amount, limit)
                for index, limit in enumerate(self._limits)
                if limit.concerns(route)
                for unit, amount in (("requests", 1), ("tokens", tokens))
                if getattr(limit, unit) is not None
            ]
            for unit, bucket, amount, limit in asked:
                if bucket.level + 1e-9 < amount:
                    raise _exceeded(unit, bucket, amount, limit, caller, self._headers(asked))
            for _, bucket, amount, _ in asked:
                bucket.level -= amount
            return self._headers(asked)

    def _bucket(self, index: int, limit: RateLimit, unit: str, caller: Caller, now: float) -> _Bucket:
        who = caller.key if limit.per == "key" else caller.organization or ""
        capacity = getattr(limit, unit)
        bucket = self._buckets.setdefault(
            (index, unit, who), _Bucket(capacity, limit.seconds, float(capacity), now)
        )
        bucket.refill(now)
        return bucket

    @staticmethod
    def _headers(asked: list[tuple[str, _Bucket, int, RateLimit]]) -> dict[str, str]:
        headers: dict[str, str] = {}
        for unit in ("requests", "tokens"):
            buckets = [bucket for name, bucket, _, _ in asked if name == unit]
            if buckets:
                tightest = min(buckets, key=lambda bucket: bucket.level)
                headers[f"x-ratelimit-limit-{unit}"] = str(tightest.capacity)
                headers[f"x-ratelimit-remaining-{unit}"] = str(max(0, math.floor(tightest.level + 1e-9)))
                headers[f"x-ratelimit-reset-{unit}"] = duration(tightest.wait_for(tightest.capacity))
        return headers


def duration(seconds: float) -> str:
    """Seconds as the API writes them: "12ms", "1.5s", "6m0s"."""
    milliseconds = math.ceil(seconds * 1000 - 1e-6)
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds / 1000, 60)
    return f"{int(minutes)}m{rest:g}s" if minutes else f"{rest:g}s"


def _exceeded(
    unit: str, bucket: _Bucket, amount: int, limit: RateLimit, caller: Caller, headers: Mapping[str, str]
) -> APIError:
    whose = "this key" if limit.per == "key" else f"organization {caller.organization or 'org-default'}"
    window = "min" if limit.seconds == 60 else f"{limit.seconds:g} s"
    counted = f"Limit {bucket.capacity}, Used {bucket.capacity - bucket.level:.0f}, Requested {amount}."
    if amount > bucket.capacity:
        return APIError(
            429,
            f"Request too large for {whose} on {unit} per {window}: {counted} Ask for less; waiting won't help.",
            unit,
            code="rate_limit_exceeded",
            headers=headers,
        )
    wait = bucket.wait_for(amount)
    return APIError(
        429,
        f"Rate limit reached for {whose} on {unit} per {window}: {counted} "
        f"Please try again in {duration(wait)}.",
        unit,
        code="rate_limit_exceeded",
        headers={
            **headers,
            "retry-after": str(math.ceil(wait)),
            "retry-after-ms": str(math.ceil(wait * 1000)),
        },
    )

"""Limits attempts over time: wrong tokens, wrong passwords, new names."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from classroom.proxy.rules import refusals

_MOST_KEYS = 20_000


def origin_of(scope: Mapping[str, Any]) -> str:
    """From where a request came: of version 6 the network, since anyone with one address there has 2**64.

    Args:
        scope: of ASGI.
    """
    host = str((scope.get("client") or ("?",))[0])
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address)


class Throttle:
    """At most `limit` wrong tries of one key in `seconds`; right ones are never counted."""

    def __init__(
        self, limit: int = 30, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def left(self, key: str) -> int:
        """Seconds to wait; 0 if there is none."""
        since, count = self._wrong.get(key, (0.0, 0))
        left = since + self._seconds - self._clock()
        return max(1, round(left)) if count >= self._limit and left > 0 else 0

    def check(self, key: str) -> None:
        """Before another try.

        Raises:
            APIError: 429, too many were wrong.
        """
        left = self.left(key)
        if left:
            raise refusals.guessing(left)

    def wrong(self, key: str) -> None:
        """One more."""
        now = self._clock()
        since, count = self._wrong.pop(key, (now, 0))
        self._wrong[key] = (since, count + 1) if now - since < self._seconds else (now, 1)
        while len(self._wrong) > _MOST_KEYS:
            self._wrong.popitem(last=False)


class Arrivals:
    """New names from one address: so many an hour. A name that came before is not new."""

    def __init__(self, seconds: float = 3600.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._came: OrderedDict[str, dict[str, float]] = OrderedDict()

    def take(self, key: str, name: str, limit: int) -> int:
        """Let a name in; 0, or the seconds that it has to wait because `limit` names have come."""
        now = self._clock()
        came = {other: at for other, at in self._came.pop(key, {}).items() if now - at < self._seconds}
        self._came[key] = came
        while len(self._came) > _MOST_KEYS:
            self._came.popitem(last=False)
        if name in came:
            return 0
        if len(came) >= limit:
            return max(1, round(min(came.values(), default=now) + self._seconds - now))
        came[name] = now
        return 0

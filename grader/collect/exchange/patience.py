"""Respects an app's own rate limit: waits for it, within reason, and then keeps to it."""

import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from grader.evidence import Exchange

MOST_WAITING = 240.0  # seconds that a grading waits for limits, all together
MOST_AT_ONCE = 65.0  # seconds: a limit by the minute is waited for, one by the hour is not
MOST_TRIES = 5  # of one request
_FIRST_WAIT = 1.0  # seconds, where the answer names no time; doubled each time
_SLOWEST = 6.0  # seconds between two requests
_PER = re.compile(
    r"(\d{1,6})\s*(?:requests?\s*)?(?:per|/)\s*(\d{0,4})\s*(second|sec|s|minute|min|m|hour|h|day|d)\b", re.I
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
OUT_OF_PATIENCE = (
    "your app limits how many requests it takes, and the grader could not wait long enough for all that it asks. "
    "Raise the limit while it is graded, for example by a variable in [tool.lab.env]"
)


class Patience:
    """How long to wait before a request, by what the app answered so far.

    Args:
        sleep: waits so many seconds.
    """

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._left = MOST_WAITING
        self._pause = 0.0
        self._served = 0  # since the app last answered that it was too much

    def before(self) -> None:
        """Keep the pace that the app's limit asks for."""
        pause = min(self._pause, self._left)
        if pause > 0:
            self._left -= pause
            self._sleep(pause)
        self._served += 1

    def after(self, answer: Exchange, tries: int) -> bool:
        """Wait for an app that protects itself; whether the request may be sent once more.

        Args:
            answer: one that asked nothing of OpenAI or S3.
            tries: how often the request was sent already.
        """
        wait = seconds_named(answer)
        if wait is None:
            wait = _FIRST_WAIT * 2 ** (tries - 1)
        if tries >= MOST_TRIES or wait > min(MOST_AT_ONCE, self._left):
            return False
        self._left -= wait
        self._sleep(wait)
        self._pause = min(_SLOWEST, max(self._pause, wait / max(1, self._served)))
        self._served = 0
        return True


def protects_itself(answer: Exchange) -> bool:
    """Whether an answer is of a kind by which an app keeps requests off: 429, or 503 with a time to come back."""
    return answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers)


def seconds_named(answer: Exchange) -> float | None:
    """How long to wait, by the answer: its Retry-After (RFC 9110, section 10.2.3), or a limit in its words."""
    named = answer.headers.get("retry-after", "").strip()
    if named.isascii() and named.isdigit() and len(named) < 7:
        return float(named) + 0.05
    if named:
        try:
            return max(0.0, parsedate_to_datetime(named).timestamp() - time.time()) + 1.0
        except (ValueError, TypeError, OverflowError):
            pass
    found = _PER.search(answer.body[:2_000])
    if found:
        return int(found[2] or 1) * _SECONDS[found[3][0].lower()]
    return None

"""Shortens `time.sleep` during a check, so that nobody waits half a minute for a verdict.

Longer waits stay longer than shorter ones. Only the thread in which a check runs an answer is concerned; every other one,
the kernel's own included, sleeps as always. A check measures real time where the requests arrive, so an answer that
waits by other means is judged alike, only later.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_UNIT = 0.05  # seconds of a check for each doubling
_SHORTEST = 0.05  # seconds: what is shorter is hardly shortened
_here = threading.local()
_sleep = time.sleep


def _sleep_within_a_check(seconds: Any) -> None:
    """`time.sleep`, shortened in a thread that runs an answer for a check."""
    if getattr(_here, "shortened", False) and isinstance(seconds, (int, float)) and seconds > 0:
        seconds = _UNIT * math.log2(1 + seconds / _SHORTEST)
    _sleep(seconds)


def prepare_sleep() -> None:
    """Let `time.sleep` be the one that a check can shorten: early, since `from time import sleep` keeps what it finds."""
    time.sleep = _sleep_within_a_check


@contextmanager
def shortened_sleep() -> Iterator[None]:
    """Shorten the waits of this thread."""
    prepare_sleep()
    _here.shortened = True
    try:
        yield
    finally:
        _here.shortened = False

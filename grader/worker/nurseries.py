"""The nurseries of a class: processes that have loaded what one grading after the other needs."""

import contextlib
import sys
import threading
from collections import Counter
from collections.abc import Collection
from typing import Self

from grader.inside import policy
from grader.sandbox import Places
from grader.sandbox.enclosure import environment
from grader.sandbox.loadable import COLLECTING, USING, loadable
from grader.sandbox.nursery import Nursery

_OF_WORKERS = (*COLLECTING, USING)
_MOST = 3  # sets of packages that are kept loaded; each takes some hundred megabytes


class Nurseries:
    """One for workers, and one for each set of packages that several submissions use. Leaving the context ends them.

    They serve sandboxes behind bubblewrap; other tiers do without. `usual`: how many submissions use a set of packages that is
    kept loaded.
    """

    def __init__(self, usual: int = 2) -> None:
        self._usual = usual
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        self._made: dict[tuple[str, ...], Nursery] = {}
        self._asked: Counter[tuple[str, ...]] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def of_workers(self) -> Nursery:
        """With what a worker needs."""
        with self._lock:
            return self._of(_OF_WORKERS)

    def of_submissions(self, modules: Collection[str]) -> Nursery | None:
        """With those of the modules that may be loaded; None for a set that is not known to be usual, or of nothing."""
        wanted = loadable(modules)
        with self._lock:
            self._asked[wanted] += 1
            is_usual = wanted in self._made or (
                self._asked[wanted] >= self._usual and len(self._made.keys() - {_OF_WORKERS}) < _MOST
            )
            return self._of(wanted) if wanted and is_usual else None

    def _of(self, modules: tuple[str, ...]) -> Nursery:
        if modules not in self._made:
            inside = Places("bubblewrap", sys.executable, policy.WORK, policy.HOME, policy.TEMPORARY)
            self._made[modules] = self._stack.enter_context(Nursery(modules, environment(inside)))
        return self._made[modules]

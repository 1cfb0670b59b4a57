"""A worker's sandbox that is started and loaded before there is work for it: each serves one grading."""

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from grader.errors import GraderError
from grader.sandbox import Sandbox
from grader.sandbox.loadable import COLLECTING
from grader.sandbox.nursery import Nursery
from grader.worker.orders import CEILINGS, laid_out
from grader.worker.wanted import Wanted

_COLLECTING = COLLECTING


@dataclass(frozen=True)
class Place:
    """A loaded sandbox for a worker, and the folders of an assignment that it may read."""

    sandbox: Sandbox
    reads: Sequence[Path]


@contextmanager
def make_place(wanted: Wanted, nursery: Nursery | None = None) -> Iterator[Place]:
    """A sandbox for one worker, started and loaded now. `nursery`: has loaded it already.

    Raises:
        GraderError: it can't be had.
    """
    with (
        laid_out(wanted) as reads,
        Sandbox(wanted.tier, purpose="worker", ceilings=CEILINGS, reads=reads, nursery=nursery) as sandbox,
    ):
        sandbox.preload(_COLLECTING)
        yield Place(sandbox, reads)


class Standby:
    """Keeps one ready. Leaving the context ends it. `wanted`: what the gradings to come are for; `only` may differ."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        # its thread lives as long as this does: bubblewrap ends with the thread that started it
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._next: Future[tuple[Place, contextlib.ExitStack]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._next is not None:
            with contextlib.suppress(GraderError):
                self._next.result()[1].close()
        self._pool.shutdown()

    def prepare(self) -> None:
        """Begin to make one, if none is ready."""
        if self._next is None:
            self._next = self._pool.submit(self._make)

    @contextmanager
    def taken(self) -> Iterator[Place]:
        """The one that is ready, for one grading; one that is made now, if it is gone.

        Raises:
            GraderError: none can be had.
        """
        self.prepare()
        assert self._next is not None
        ready, self._next = self._next, None
        place, undo = ready.result()
        try:
            place.sandbox.preload(())  # answers, if it is still there
        except GraderError:
            undo.close()
            place, undo = self._pool.submit(self._make).result()
        with undo:
            yield place

    def _make(self) -> tuple[Place, contextlib.ExitStack]:
        with contextlib.ExitStack() as undo:
            place = undo.enter_context(make_place(self._wanted))
            return place, undo.pop_all()

"""Runs many submissions in parallel: on this machine or on a Dask cluster, with the same function and results."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Protocol

from grader.batch import collecting
from grader.batch.collecting import Task
from grader.batch.evidence_store import Outcome
from grader.errors import GraderError
from grader.worker import Nurseries

_POLL = 0.5  # seconds
_WAITING_PER_BUSY = 5  # most of a grading is waiting for an app's patience, which costs nothing but memory


class Watcher(Protocol):
    """Follows the progress of a batch."""

    def expect(self, count: int) -> None:
        """How many are to be collected."""

    def began(self, task: Task) -> None:
        """One is being collected now."""

    def ended(self, task: Task, outcome: Outcome) -> None:
        """And how it went."""


class _Turns:
    """So many submissions may keep this machine busy at once; those that only wait are not counted."""

    def __init__(self, jobs: int, stopped: threading.Event) -> None:
        self._free, self._stopped = threading.Semaphore(jobs), stopped

    def acquire(self) -> None:
        """Wait for a turn; once the batch is stopped, nobody waits any more."""
        while not self._free.acquire(timeout=_POLL) and not self._stopped.is_set():
            pass

    def release(self) -> None:
        """Let somebody else have it."""
        self._free.release()


def on_this_machine(tasks: Sequence[Task], jobs: int, watcher: Watcher) -> None:
    """Collect them all, `jobs` of them keeping a processor busy at a time."""
    stopped = threading.Event()
    turns = _Turns(jobs, stopped)

    def one(task: Task) -> Outcome:
        if stopped.is_set():
            return Outcome(state="error", message="The batch was interrupted.")
        watcher.began(task)
        return collecting.collect_into(task, turns, stopped.is_set, nurseries)

    with Nurseries() as nurseries, ThreadPoolExecutor(max_workers=jobs * _WAITING_PER_BUSY) as pool:
        futures = {pool.submit(one, task): task for task in tasks}
        try:
            for future in _as_they_end(futures):
                watcher.ended(futures[future], _outcome(future))
        except BaseException:
            stopped.set()
            for future in futures:
                future.cancel()
            raise


def _outcome(future: Future[Outcome]) -> Outcome:
    """How one went; a bug of ours costs one submission its grade for now, never the class its table."""
    try:
        return future.result()
    except Exception as error:
        return Outcome(state="error", message=f"The grader failed: {type(error).__name__}: {error}"[:300])


def _as_they_end(futures: dict[Future[Outcome], Task]) -> Iterator[Future[Outcome]]:
    """Like `as_completed`, but woken often enough for Ctrl-C."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=_POLL, return_when=FIRST_COMPLETED)
        yield from done


def on_dask(tasks: Sequence[Task], address: str, watcher: Watcher) -> None:
    """Collect them all on a cluster; a worker that dies loses nothing, what it had is given to another.

    Raises:
        GraderError: the scheduler can't be reached.
    """
    from distributed import Client, as_completed

    try:
        client = Client(address, timeout="20s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise GraderError(f"The Dask scheduler at {address} can't be reached: {error}") from error
    with client:
        futures = {}
        for task in tasks:
            futures[client.submit(collecting.collect_into, task, key=task.record, pure=False, retries=2)] = (
                task
            )
            watcher.began(task)
        for future in as_completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
            watcher.ended(futures[future], _result(future))


def _result(future: Any) -> Outcome:
    try:
        outcome = future.result()
    except Exception as error:  # of the cluster: lost workers, a version that does not fit
        message = f"The cluster failed: {type(error).__name__}: {error}"[:300]
        return Outcome(state="error", message=message)
    if isinstance(outcome, Outcome):
        return outcome
    return Outcome(state="error", message="The cluster answered with no outcome.")

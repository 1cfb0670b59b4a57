"""Many submissions side by side: on this machine, or on the workers of a Dask cluster. The same function, the same results."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Protocol

from grader.batch import collecting
from grader.batch.collecting import Task
from grader.batch.vault import Outcome
from grader.errors import GraderError

_WAITING_PER_BUSY = 5  # most of a grading is waiting for an app's patience, which costs nothing but memory


class Watcher(Protocol):
    """Told what goes on."""

    def expect(self, count: int) -> None:
        """How many are to be collected."""

    def began(self, task: Task) -> None:
        """One is being collected now."""

    def ended(self, task: Task, outcome: Outcome) -> None:
        """And how it went."""


def on_this_machine(tasks: Sequence[Task], jobs: int, watcher: Watcher) -> None:
    """Collect them all, `jobs` of them keeping a processor busy at a time."""
    busy = collecting.slots(jobs)
    processes: set[Any] = set()
    stopped = threading.Event()

    def one(task: Task) -> Outcome:
        if stopped.is_set():
            return Outcome("error", "The batch was interrupted.")
        watcher.began(task)
        return collecting.collect_into(task, busy, processes.add)

    with ThreadPoolExecutor(max_workers=jobs * _WAITING_PER_BUSY) as pool:
        futures = {pool.submit(one, task): task for task in tasks}
        try:
            for future in _as_they_end(futures):
                watcher.ended(futures[future], future.result())
        except BaseException:
            stopped.set()
            for future in futures:
                future.cancel()
            for process in processes:
                with contextlib.suppress(ValueError, OSError):
                    process.kill()
            raise


def _as_they_end(futures: dict[Future[Outcome], Task]) -> Iterator[Future[Outcome]]:
    """Like `as_completed`, but woken often enough for Ctrl-C."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)
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
        return Outcome("error", f"The cluster failed: {type(error).__name__}: {error}"[:300])
    return (
        outcome if isinstance(outcome, Outcome) else Outcome("error", "The cluster answered with no outcome.")
    )

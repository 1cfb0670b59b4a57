"""One submission of a class, collected in a process of its own: what it does to that process is nobody else's trouble.

`collect_into` is the same wherever it runs: from the pool of this machine, or by a worker of Dask's on another.
"""

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from grader.batch import vault
from grader.batch.vault import Outcome
from grader.sandbox import Tier

WALL_SECONDS = 1_800.0  # for one submission, whatever it does
_FIRST_WORDS = 300

_context: Any = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
if sys.platform != "win32":
    # loaded once, then forked for each submission: a second of work saved every time
    _context.set_forkserver_preload(["grader.collect", "grader.batch.loaded"])


@dataclass(frozen=True)
class Task:
    """What to collect, with what, and where to keep it."""

    name: str
    path: str
    record: str
    vault: str
    environment: Literal["lab", "submission"]
    tier: Tier


def slots(jobs: int) -> Any:
    """So many submissions may keep this machine busy at once; those that only wait for an app's patience are not counted."""
    return _context.Semaphore(jobs)


def collect_into(task: Task, busy: Any = None, started: Any = None) -> Outcome:
    """Collect one submission and keep the record.

    Args:
        task: which, and where to keep it.
        busy: a semaphore of `slots`, if there is one.
        started: called with the process's number as soon as there is one.

    Returns:
        How it went. A grader that fails, is killed or takes too long is an `error`, never a learner's failure.
    """
    hears, tells = _context.Pipe(duplex=False)
    process = _context.Process(target=_collect, args=(task, tells, busy), daemon=False)
    process.start()
    if started:
        started(process)
    tells.close()
    outcome = _awaited(process, hears)
    process.join(5)
    if process.is_alive():
        process.kill()
        process.join()
    if outcome.state == "error":
        return outcome
    kept = vault.opened(task.vault).get(task.record)
    return outcome if kept is not None else Outcome("error", "The record was not written.")


def _awaited(process: Any, hears: Connection) -> Outcome:
    if not hears.poll(WALL_SECONDS):
        process.kill()
        return Outcome("error", f"It took longer than {WALL_SECONDS:g} seconds, and was stopped.")
    try:
        facts = hears.recv_bytes(1 << 20)
    except (EOFError, OSError):
        process.join(5)
        return Outcome("error", f"The grader's process ended by itself ({process.exitcode}).")
    return Outcome(**json.loads(facts))


def _collect(task: Task, tells: Connection, busy: Any) -> None:
    """In the process of its own."""
    _end_with_parent()
    began = time.monotonic()
    try:
        outcome, evidence = _seen(task, busy)
    except Exception as error:  # whatever it is: it must come out as the grader's own trouble
        outcome, evidence = Outcome("error", f"{type(error).__name__}: {error}"[:_FIRST_WORDS]), None
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    outcome = Outcome(
        outcome.state,
        outcome.message,
        round(time.monotonic() - began, 3),
        round(sum(each.ru_utime + each.ru_stime for each in used), 3),
    )
    if outcome.state != "error":  # an error is tried again by the next run
        vault.opened(task.vault).put(task.record, vault.packed(outcome, evidence))
    tells.send_bytes(json.dumps(asdict(outcome)).encode())
    sys.stdout.flush()
    os._exit(0)  # threads of a stand-in that a submission keeps busy are not waited for


def _seen(task: Task, busy: Any) -> tuple[Outcome, Any]:
    from grader.collect import collect
    from grader.errors import SubmissionError
    from grader.submission import opened

    with tempfile.TemporaryDirectory(prefix="lab-batch-") as place, _held(busy):
        Path(place).chmod(0o711)  # a sandbox's own user passes through
        tempfile.tempdir = place
        try:
            path = _fetched(task.path, Path(place))
            with opened(path, task.environment, task.tier) as submission:
                evidence = collect(submission, tier=task.tier, patience=lambda: _given_up(busy))
        except SubmissionError as error:
            return Outcome("ungradable", str(error)), None
        finally:
            tempfile.tempdir = None
    return Outcome("graded"), evidence.renamed(task.name)


def _fetched(path: str, place: Path) -> str:
    """The submission on this machine: one in a bucket is brought here first."""
    if not path.startswith("s3://"):
        return path
    prefix, _, name = path.rpartition("/")
    content = vault.Bucket(prefix).get(name)
    if content is None:
        raise FileNotFoundError(f"{path} is not there any more")
    file = place / name
    file.write_bytes(content)
    return str(file)


def _held(busy: Any) -> AbstractContextManager[Any]:
    return nullcontext() if busy is None else busy


@contextmanager
def _given_up(busy: Any) -> Iterator[None]:
    """Let another submission have this one's turn while it only waits."""
    if busy is None:
        yield
        return
    busy.release()
    try:
        yield
    finally:
        busy.acquire()


def _end_with_parent() -> None:
    """A batch that is killed leaves nothing running."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

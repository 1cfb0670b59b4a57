"""One submission of a class: collected by a worker, kept as a record.

`collect_into` is the same on this machine and on a worker of Dask's on another.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.assignment.package import Package
from grader.batch import evidence_store
from grader.batch.evidence_store import Outcome
from grader.batch.gathering import content_of
from grader.errors import GraderError, SubmissionError
from grader.inside import wire
from grader.sandbox import Tier
from grader.worker import Nurseries, Wanted, collect_record
from grader.worker.wanted import Turns

MOST_TRIES = 2  # of a submission whose worker is lost


# what two learners hand in alike is collected once: its messages name neither
_ANYONE_S = "The submission"


@dataclass(frozen=True)
class Task:
    """What to collect, with what, and where to keep it; `retry`: even if its worker has been lost twice.

    `files`: what it consists of, if that is not all of `path`; see `discovery.HandedIn`. `assignment`: see `Wanted`.
    """

    name: str
    path: str
    record: str
    vault: str
    environment: Literal["auto", "lab", "submission"]
    tier: Tier
    retry: bool = False
    files: tuple[tuple[str, str], ...] = ()
    assignment: Package | None = None


def collect_into(
    task: Task,
    turns: Turns | None = None,
    stopped: Callable[[], bool] = lambda: False,
    nurseries: Nurseries | None = None,
) -> Outcome:
    """Collect one submission and keep the record.

    Args:
        task: which, and where to keep it.
        turns: whose turn it is on this machine, if several share it.
        stopped: asked again and again; once it says so, everything that was started is ended.
        nurseries: see `grader.worker.collect_record`.

    Returns:
        How it went. A worker that fails, is killed or takes too long is an `error`, never a learner's failure. A worker
        that is lost is tried once more; lost again, the submission waits for a person.
    """
    place = evidence_store.open_vault(task.vault)
    tries = 0 if task.retry else evidence_store.tries(place, task.record)
    outcome = Outcome(state="error", message="It was interrupted.")
    if tries >= MOST_TRIES:
        outcome = evidence_store.parse_record(place.get(evidence_store.lost_name(task.record)) or b"")[0]
    while tries < MOST_TRIES and not stopped():
        outcome, packed = _tried(task, turns, stopped, nurseries)
        if outcome.state != "error":
            place.put(task.record, evidence_store.entry(outcome, packed))
            return outcome
        if not outcome.lost or stopped():
            return outcome
        tries += 1
        outcome = outcome.model_copy(update={"tries": tries})
        place.put(evidence_store.lost_name(task.record), evidence_store.entry(outcome, b""))
    return outcome


def _tried(
    task: Task, turns: Turns | None, stopped: Callable[[], bool], nurseries: Nurseries | None
) -> tuple[Outcome, bytes]:
    files: dict[str, bytes] = {}
    began = time.monotonic()
    try:
        with _here(task) as path:
            record = collect_record(
                path,
                Wanted(
                    task.tier, task.environment, assignment=task.assignment, evidence="record", name=_ANYONE_S
                ),
                files.__setitem__,
                turns=turns,
                stopped=stopped,
                nurseries=nurseries,
            )
    except SubmissionError as error:
        return Outcome(state="ungradable", message=str(error)[:2_000]), b""
    except (GraderError, OSError) as error:
        return Outcome(state="error", message=str(error)[:2_000]), b""
    outcome = Outcome(
        state=record.state,
        message=record.message,
        seconds=record.seconds or round(time.monotonic() - began, 3),
        cpu_seconds=record.cpu_seconds,
        lost=record.lost,
    )
    packed = files.get("evidence.zip", b"")
    if outcome.state == "graded" and not packed:
        return Outcome(state="error", message="The worker gave no evidence."), b""
    return outcome, packed


@contextmanager
def _here(task: Task) -> Iterator[str]:
    """The submission on this machine, in one place: what lies in a bucket or was gathered is copied first."""
    if not task.files and not task.path.startswith("s3://"):
        yield task.path
        return
    with tempfile.TemporaryDirectory(prefix="lab-batch-") as place:
        if not task.files:
            [(name, content)] = content_of([(task.path.rpartition("/")[2], task.path)])
            file = Path(place) / name
            file.write_bytes(content)
            yield str(file)
            return
        folder = Path(place) / "submission"
        folder.mkdir()
        for name, content in content_of(task.files):
            try:
                wire.put_file(str(folder), name, content)
            except (wire.WireError, OSError) as error:
                raise SubmissionError(f"{name} can't be put beside the other files: {error}.") from error
        yield str(folder)

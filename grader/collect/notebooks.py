"""Runs each of a submission's notebooks in a process of its own, and checks its exercises from outside.

The learner's kernel is asked to call what it defined, with inputs that are chosen here; plain data comes back. What reached
OpenAI and S3 is seen at stand-ins that the kernel can't get at. The verdict is made here.
"""

import json
import re
import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classroom.allowance import Allowance
from classroom.exercises import EXERCISES, channel, exercises_of
from classroom.exercises.boundary import Boundary
from classroom.exercises.exercise import Exercise, judge
from classroom.exercises.kernel import KernelGone
from classroom.lesson import SHARED_S3
from classroom.s3 import S3Mock
from grader.collect.code import services
from grader.evidence import CheckedExercise, NotebookRun, cap
from grader.sandbox import Job, Order, Sandbox
from grader.submission import Submission

NOTEBOOK_SECONDS = 300.0
CHECK_SECONDS = 240.0  # for all exercises of one notebook
_MOST = 30  # notebooks of one submission
_MOST_REPORT = 64 * 1024
_MOST_CALLBACKS = 200
_MOST_SOURCE = 4 * 1024 * 1024  # bytes of a notebook in which its number is looked for
_MOST_S3_REQUESTS, _MOST_S3_BYTES = 5_000, 128 * 1024 * 1024
_POLL = 0.2
_NOTHING = ["constant", None]  # as a kernel reports None
_GRACE = 5.0  # seconds that a kernel may answer later than its function may run
_BUCKET = "lab-files"
_HIDDEN = re.compile(r"(^|/)(\.[^/]+|__pycache__|node_modules|build|dist)/")
_NUMBER = re.compile(r"""(?:\bstart\(\s*\\?["']|\bcheck\(\s*\\?["']|\*\*Exercise )(\d\d)""")


Checks = Mapping[str, Exercise]


@dataclass(frozen=True)
class Attempt:
    """One run of a notebook. `stands`: what runs beside it can't have spoilt it, so that running it alone shows nothing else."""

    run: NotebookRun
    stands: bool


def find(root: Path) -> list[Path]:
    """The notebooks of a submission, in the order of their names."""
    found = sorted(root.rglob("*.ipynb"))
    return [path for path in found if not _HIDDEN.search(path.relative_to(root).as_posix())][:_MOST]


def exercises_in(path: Path, checks: Checks | None = None) -> tuple[str, ...]:
    """The exercises that a notebook should hold: all that the course has in the notebooks that it is a copy of.

    It is recognised by its name, by its first cell, or by an exercise that is left of it.

    Args:
        path: of the notebook.
        checks: an assignment's exercises; the course's, if they are left out.
    """
    numbers = set(re.findall(r"^\d\d", path.name))
    with suppress(OSError), path.open("rb") as file:
        numbers |= set(_NUMBER.findall(file.read(_MOST_SOURCE).decode("utf-8", "replace")))
    if checks is not None:
        return tuple(id for id in checks if id.partition(".")[0] in numbers)
    return tuple(id for number in sorted(numbers) for id in exercises_of(number))


def run(submission: Submission, sandbox: Sandbox, checks: Checks | None = None) -> Iterator[NotebookRun]:
    """What each notebook did. `checks`: an assignment's exercises, in place of the course's."""
    for attempt in attempts(submission, sandbox, find(submission.root), checks):
        yield attempt.run


def attempts(
    submission: Submission, sandbox: Sandbox, paths: Iterable[Path], checks: Checks | None = None
) -> Iterator[Attempt]:
    """Run notebooks one after the other, each with an empty S3, which all `S3Mock`s of this process are then."""
    allowance = Allowance(_MOST_S3_REQUESTS, _MOST_S3_BYTES)
    with ExitStack() as stack:
        s3: S3Mock | None = None
        for path in paths:
            if s3 is None:
                s3 = stack.enter_context(S3Mock(_BUCKET, listener=sandbox.listener(), allowance=allowance))
            s3.reset()
            yield _attempt(submission, sandbox, s3, path, checks)


def _attempt(
    submission: Submission, sandbox: Sandbox, s3: S3Mock, path: Path, checks: Checks | None
) -> Attempt:
    name = path.relative_to(submission.root).as_posix()
    wanted = EXERCISES if checks is None else checks
    ids = {id: wanted[id] for id in exercises_in(path, checks)}
    order = Order(
        do="notebook",
        name="notebook",
        cwd=sandbox.inside(path.parent),
        environment={
            **sandbox.environment(),
            **s3.environment,
            SHARED_S3: s3.endpoint_url,
            "LAB_MODE": "mock",
            "CI": "true",
        },
        facts={"path": sandbox.inside(path)},
    )
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            job = sandbox.start(order, [theirs.fileno()] if ids else [], hears=_MOST_REPORT)
        with job:
            deadline = time.monotonic() + NOTEBOOK_SECONDS
            exercises, stand = _checked(ids, sandbox, s3, ours, job, deadline) if ids else ({}, True)
            ours.close()  # the kernel may end now
            code = job.wait(max(_GRACE, deadline - time.monotonic()))
            if code is None:
                failure = f"It did not end within {NOTEBOOK_SECONDS:g} seconds."
                return Attempt(NotebookRun(path=name, failure=failure, exercises=exercises), stands=False)
            payload, log = job.read_report(), job.log()
    run = _reported(name, payload, log, exercises)
    return Attempt(run, stands=stand and run.failure is None)


def _reported(
    name: str, payload: bytes | None, log: str, exercises: Mapping[str, CheckedExercise]
) -> NotebookRun:
    """What the job reported of the cells, with what was seen here of the exercises."""
    try:
        report = json.loads(payload or b"")
        kept = {field: report[field] for field in ("cells", "seconds", "failure")}
        if kept["failure"] is not None:
            kept["failure"] = cap(str(kept["failure"]), 400)
            kept["needs"] = services.host_not_found(str(report.get("trace", ""))[-_MOST_REPORT:])
        return NotebookRun.model_validate({**kept, "path": name, "exercises": dict(exercises)})
    except (ValueError, TypeError, KeyError, RecursionError):
        last = (log.strip().splitlines() or ["It printed nothing."])[-1]
        failure = f"It could not be run: {cap(last, 300)}"
        return NotebookRun(path=name, failure=failure, exercises=dict(exercises))


def _ready(connection: socket.socket, job: Job, deadline: float) -> bool:
    """Wait until all cells have run and the kernel can be asked; False if the job ends, or takes too long."""
    while time.monotonic() < deadline and job.exit_code is None:
        readable, _, _ = select.select([connection], [], [], _POLL)
        if readable:
            try:
                channel.receive(connection, time.monotonic() + _GRACE)
            except channel.ChannelError:
                return False
            return True
    return False


class _DistantKernel:
    """A kernel behind a wall, on the other end of a connection. What it says is data, bounded in size and time.

    `wrote`: whether it says that the learner has written anything of what it was asked for.
    """

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection, self._deadline = connection, deadline
        self.wrote = False

    def ask(self, order: Mapping[str, Any], back: Callable[[Any], Any], seconds: float) -> dict[str, Any]:
        """What came of an order.

        Raises:
            KernelGone: it ended, or did not answer in time.
        """
        deadline = min(self._deadline, time.monotonic() + seconds + _GRACE)
        try:
            channel.send(self._connection, dict(order))
            for _ in range(_MOST_CALLBACKS):
                message = channel.receive(self._connection, deadline)
                result = message.get("result")
                if isinstance(result, dict) and message.get("number") == order.get("number"):
                    self.wrote |= (
                        result.get("written", result.get("value", _NOTHING) != _NOTHING) is not False
                    )
                    return result
                if "callback" in message:
                    channel.send(self._connection, {"reply": back(message["callback"])})
        except channel.ChannelError as error:
            self.close()
            raise KernelGone("The notebook's kernel did not answer while it was checked.") from error
        self.close()
        raise KernelGone("The notebook's kernel asked too much while it was checked.")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class _Stored:
    """The bucket of the notebook."""

    def __init__(self, s3: S3Mock) -> None:
        self._s3 = s3

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Bytes and type of an object; None if there is none."""
        found = self._s3.objects(lambda bucket, name: (bucket, name) == (_BUCKET, key))
        return (found[0].content, found[0].content_type) if found else None

    def put(self, key: str, content: bytes, kind: str) -> None:
        """Store an object with a type."""
        self._s3.store(_BUCKET, key, content, kind)

    def delete(self, key: str) -> None:
        """Nothing: the bucket is emptied before each notebook, and no two checks use the same key."""


def _checked(
    ids: Checks, sandbox: Sandbox, s3: S3Mock, connection: socket.socket, job: Job, deadline: float
) -> tuple[dict[str, CheckedExercise], bool]:
    """What the check of each exercise sees, when the cells have run; and whether all of it stands, see `Attempt`."""
    if not _ready(connection, job, deadline):
        why = "its notebook did not run to the end, so that it could not be tried."
        unseen = {id: CheckedExercise(state="open", sentence=f"Exercise {id}: not yet, {why}") for id in ids}
        return unseen, False
    with Boundary(_Stored(s3), sandbox.listener) as boundary:
        kernel = _DistantKernel(connection, time.monotonic() + CHECK_SECONDS)
        with suppress(KernelGone):
            kernel.ask({"divert": boundary.url}, lambda data: None, _GRACE)
        seen: dict[str, CheckedExercise] = {}
        stand = True
        for id, exercise in ids.items():
            kernel.wrote = False
            seen[id] = _seen(id, exercise, kernel, boundary)
            # what has not been begun stays open, whatever runs beside it
            stand &= seen[id].state == "done" or (seen[id].state == "open" and not kernel.wrote)
        return seen, stand


def _seen(id: str, exercise: Exercise, kernel: _DistantKernel, boundary: Boundary) -> CheckedExercise:
    verdict = judge(id, exercise, kernel, boundary)
    sentence = " ".join(str(verdict).split())
    return CheckedExercise(state=verdict.state, sentence=cap(sentence, 600))

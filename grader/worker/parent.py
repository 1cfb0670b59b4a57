"""Starts a submission's worker from outside its sandbox, serves its requests, and takes one bounded record.

Nothing here looks into what a submission wrote. What a worker sends is checked field by field; what it writes beside
the record (a page, the evidence) is passed on as bytes.
"""

import contextlib
import os
import select
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grader.environments import Declaration
from grader.errors import GraderError, SubmissionError
from grader.inside import wire
from grader.intake import courier
from grader.intake.courier import Parcel
from grader.sandbox import Enclosure, Tier
from grader.worker import records
from grader.worker.nurseries import Nurseries
from grader.worker.orders import instructions_for, order_for, receive
from grader.worker.records import AnyMessage, NeedsPython, NeedsSandbox, Phase, Record, Rests, Settled
from grader.worker.standby import Standby, make_place
from grader.worker.wanted import Graded, Keep, Tells, Turns, Wanted

WALL_SECONDS = 1_800.0  # for one submission, whatever it does
_POLL = 0.5  # seconds
_LAST_SECONDS = 20.0  # for a worker to end once it has written its record
_MOST_SANDBOXES, _MOST_IN_ALL = 5, 64  # of one submission: at once, and one after the other


def grade(
    path: str,
    wanted: Wanted,
    begins: Callable[[str], None] = lambda phase: None,
    tells: Tells = lambda verdicts: None,
    standby: Standby | None = None,
    nurseries: Nurseries | None = None,
) -> Graded:
    """Grade one submission.

    Args:
        path: a folder, an archive, a git URL or bundle.
        begins: called with the name of each phase.
        tells: called with verdicts as soon as they are settled, if `wanted` asks for that.
        standby: has a worker's sandbox ready; one is made for this grading, if it is left out.
        nurseries: see `collect_record`.

    Raises:
        SubmissionError: there is nothing that can be graded.
        GraderError: the grader's own trouble.
    """
    files: dict[str, bytes] = {}
    record = collect_record(
        path, wanted, files.__setitem__, begins, tells=tells, standby=standby, nurseries=nurseries
    )
    if record.state == "ungradable":
        raise SubmissionError(record.message)
    if record.state == "error" or record.report is None:
        raise GraderError(record.message or "The worker gave no report.")
    return Graded(record.report, files)


def collect_record(
    path: str,
    wanted: Wanted,
    keep: Keep,
    begins: Callable[[str], None] = lambda phase: None,
    turns: Turns | None = None,
    stopped: Callable[[], bool] = lambda: False,
    tells: Tells = lambda verdicts: None,
    standby: Standby | None = None,
    nurseries: Nurseries | None = None,
) -> Record:
    """The record of one submission; what comes beside it is given to `keep`, name and bytes.

    `turns`: whose turn it is on this machine. `stopped`: once it says so, everything that was started is ended.
    `nurseries`: have loaded what one grading after the other needs; kept for a class.
    A submission that can't be read is `ungradable`; a worker that fails, dies or takes too long is an `error`.

    Raises:
        GraderError: a sandbox can't be made here, or another trouble of this machine's.
    """
    with _alone(wanted.tier, begins), contextlib.ExitStack() as stack:
        try:
            parcel = stack.enter_context(courier.carry(path, wanted.tier))
        except SubmissionError as error:
            return Record(state="ungradable", message=str(error)[:2_000])
        parcel = replace(parcel, name=wanted.name or parcel.name)
        return _Grading(wanted, begins, turns, stopped, tells, standby, nurseries).record(parcel, keep)


class _Grading:
    """One worker, and the sandboxes that it asks for."""

    def __init__(
        self,
        wanted: Wanted,
        begins: Callable[[str], None],
        turns: Turns | None,
        stopped: Callable[[], bool],
        tells: Tells = lambda verdicts: None,
        standby: Standby | None = None,
        nurseries: Nurseries | None = None,
    ) -> None:
        self._tells, self._standby = tells, standby
        self._own_nurseries = Nurseries()  # for sandboxes that one submission needs several of
        self._given, self._used = 0, 0.0  # sandboxes, and the seconds of those that have ended
        self._nurseries = (
            (nurseries or self._own_nurseries) if wanted.tier == "bubblewrap" and not wanted.cold else None
        )
        self._has_class = nurseries is not None
        self._wanted, self._begins, self._turns, self._stopped = wanted, begins, turns, stopped
        self._pythons = {str(Path(sys.executable))}
        self._enclosures: list[Enclosure] = []
        self._resting = False
        self._deadline = 0.0

    def record(self, parcel: Parcel, keep: Keep) -> Record:
        """Let the worker do its work."""
        if self._turns:
            self._turns.acquire()
        try:
            record = self._worked(parcel, keep)
        finally:
            self._close(self._enclosures)
            self._own_nurseries.__exit__()
            if self._turns and not self._resting:
                self._turns.release()
        return record.model_copy(update={"cpu_seconds": round(record.cpu_seconds + self._used, 3)})

    def _close(self, enclosures: Sequence[Enclosure]) -> None:
        for enclosure in list(enclosures):
            enclosure.close()
            self._used += enclosure.cpu_seconds
            self._enclosures.remove(enclosure)

    def _worked(self, parcel: Parcel, keep: Keep) -> Record:
        nursery = self._nurseries.of_workers() if self._nurseries and self._has_class else None
        with (
            self._standby.taken() if self._standby else make_place(self._wanted, nursery) as place,
            tempfile.TemporaryFile() as out,
        ):
            sandbox, reads = place.sandbox, place.reads
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            instructions = instructions_for(
                self._wanted, parcel.kind, parcel.name, reads, gives_way=self._turns is not None
            )
            order = order_for(sandbox, "grade", instructions)
            with ours, sandbox.start(order, [theirs.fileno(), parcel.file, out.fileno()]) as job:
                theirs.close()
                stopped = self._serve(ours)
                code = None if stopped else job.wait(_LAST_SECONDS)
            if code is None:
                reason = stopped or "The grader's worker did not end after its work."
                return Record(state="error", lost=True, message=reason)
            return receive(out, code, job.log, keep)

    def _serve(self, line: socket.socket) -> str:
        """Give the worker what it asks for, until it hangs up; returns why it was not waited for, or nothing."""
        self._deadline = time.monotonic() + WALL_SECONDS
        line.settimeout(60)
        while True:
            if self._stopped():
                return "The grading was interrupted."
            if time.monotonic() > self._deadline:
                return f"The grader's worker timed out after {WALL_SECONDS:g} seconds."
            if not select.select([line], [], [], _POLL)[0]:
                continue
            try:
                content, files = wire.receive_content(line, records.MOST_MESSAGE)
            except wire.WireError as error:
                return "" if str(error) == "closed" else f"The grader's worker was stopped: it sent {error}."
            for file in files:
                os.close(file)
            try:
                self._answer(line, records.MESSAGE.validate_json(content))
            except ValidationError:
                return "The grader's worker was stopped: it sent what is no message."
            except wire.WireError:
                return ""

    def _answer(self, line: socket.socket, message: AnyMessage) -> None:
        match message:
            case Phase():
                self._begins(message.phase)
            case Settled():
                self._tells(message.verdicts)
            case Rests():
                self._rest(message.resting)
                wire.send(line, {})
            case NeedsPython():
                wire.send(line, self._built(message.declaration))
            case NeedsSandbox():
                self._hand_over(line, message.python, message.modules)

    def _rest(self, resting: bool) -> None:
        if self._turns is None or resting == self._resting:
            return
        began = time.monotonic()
        if resting:
            self._turns.release()
        else:
            self._turns.acquire()
        self._resting = resting
        self._deadline += time.monotonic() - began  # waiting for a turn is not the worker's time

    def _built(self, declaration: Declaration) -> dict[str, Any]:
        """An environment with the packages that were declared, or why there is none."""
        from grader import environments

        self._begins("building the environment that the submission declares")
        began = time.monotonic()
        try:
            built = environments.build(declaration)
        except (GraderError, SubmissionError) as error:
            return {"trouble": str(error), "unsolvable": isinstance(error, environments.Unsolvable)}
        finally:
            self._deadline += time.monotonic() - began
        self._pythons.add(str(built.python))
        return {"python": str(built.python), "packages": built.packages, "missing": built.missing}

    def _hand_over(self, line: socket.socket, python: str, modules: Sequence[str]) -> None:
        self._close([each for each in self._enclosures if each.is_left()])
        too_many = len(self._enclosures) >= _MOST_SANDBOXES or self._given >= _MOST_IN_ALL
        if python not in self._pythons or too_many:
            wire.send(line, {"trouble": "The worker asked for a sandbox that it can't have."})
            return
        nursery = None
        if self._nurseries and python == str(Path(sys.executable)):
            nursery = self._nurseries.of_submissions(modules)
        enclosure = Enclosure(self._wanted.tier, Path(python), nursery=nursery)
        try:
            enclosure.__enter__()
        except GraderError as error:
            wire.send(line, {"trouble": str(error)})
            return
        self._enclosures.append(enclosure)
        self._given += 1
        wire.send(line, {"places": enclosure.places.facts()}, [enclosure.control.fileno()])


@contextmanager
def _alone(tier: Tier, begins: Callable[[str], None]) -> Iterator[None]:
    """Behind Landlock, submissions can reach each other's ports: one at a time is graded."""
    if tier != "landlock":
        yield
        return
    import fcntl  # of Unix alone, as Landlock is of Linux

    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "openai-files-lab"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "grading.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            begins("waiting for another grading on this machine to end")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""Outside the sandbox: starts the worker of a submission, gives it what it asks for, and takes one bounded record.

Nothing here looks into what a submission wrote. What a worker sends is checked field by field; what it writes beside
the record (a page, the evidence) is passed on as bytes.
"""

import contextlib
import os
import re
import select
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

from pydantic import ValidationError

from grader import rubric as rubrics
from grader.assignment.package import Package
from grader.environments import Choice, Declaration
from grader.errors import EvidenceError, GraderError, SubmissionError
from grader.inside import wire
from grader.intake import courier
from grader.intake.courier import Parcel
from grader.judge import Report
from grader.review.decisions import ForLearner
from grader.rubric import Rubric
from grader.sandbox import Enclosure, Order, Sandbox, Tier
from grader.sandbox.ceilings import Ceilings
from grader.worker import records
from grader.worker.records import Instructions, NeedsPython, NeedsSandbox, Page, Phase, Record, Rests

WALL_SECONDS = 1_800.0  # for one submission, whatever it does
# what the worker may take above what the submission's own sandbox may
CEILINGS = Ceilings(
    memory=500, address=3_072, processes=192, cpu_seconds=900, file=300, work=480, temporary=32, home=8
)
_POLL = 0.5  # seconds
_LAST_SECONDS = 20.0  # for a worker to end once it has written its record
_JUDGING_SECONDS = 120.0  # for one submission
_MOST_SANDBOXES = 4  # of one submission
_RECORD_NAME = re.compile(r"record\.json|page\.html|view\.json|evidence\.(json|zip)|blobs/[0-9a-f]{64}")
# what each kind of worker loads before it is given its work
_COLLECTING = (
    "grader.worker.grading",
    "grader.collect",
    "grader.submission",
    "moto.backends",
    "moto.moto_server.werkzeug_app",
    "moto.s3.responses",
    "moto.s3.urls",
)
_JUDGING = ("grader.worker.judging", "grader.worker.packing", "grader.report.html", "grader.review.applying")

Keep = Callable[[str, bytes], None]


class Turns(Protocol):
    """Whose turn it is to keep the machine busy: a semaphore."""

    def acquire(self) -> Any:
        """Wait for a turn."""

    def release(self) -> Any:
        """Let somebody else have it."""


@dataclass(frozen=True)
class Wanted:
    """What a grading is for.

    `rubric`: None to collect without judging. `assignment`: another one than the lab's. `pages`, `evidence`: see `records.Instructions`. `decisions`: a person's,
    by the name that a submission is shown under.
    """

    tier: Tier
    environment: Choice = "auto"
    only: tuple[str, ...] = ()
    rubric: Rubric | None = None
    assignment: Package | None = None
    pages: tuple[Page, ...] = ()
    evidence: Literal["none", "files", "record"] = "none"
    cold: bool = False
    decisions: Mapping[str, ForLearner] = field(default_factory=dict)


@dataclass(frozen=True)
class Graded:
    """A report, and what was written beside it: name → bytes."""

    report: Report
    files: Mapping[str, bytes] = field(default_factory=dict)


def grade(path: str, wanted: Wanted, begins: Callable[[str], None] = lambda phase: None) -> Graded:
    """Grade one submission.

    Args:
        path: a folder, an archive, a git URL or bundle.
        begins: called with the name of each phase.

    Raises:
        SubmissionError: there is nothing that can be graded.
        GraderError: the grader's own trouble.
    """
    files: dict[str, bytes] = {}
    record = collected(path, wanted, files.__setitem__, begins)
    if record.state == "ungradable":
        raise SubmissionError(record.message)
    if record.state == "error" or record.report is None:
        raise GraderError(record.message or "The worker gave no report.")
    return Graded(record.report, files)


def collected(
    path: str,
    wanted: Wanted,
    keep: Keep,
    begins: Callable[[str], None] = lambda phase: None,
    turns: Turns | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Record:
    """The record of one submission; what comes beside it is given to `keep`, name and bytes.

    `turns`: whose turn it is on this machine. `stopped`: once it says so, everything that was started is ended.
    A submission that can't be read is `ungradable`; a worker that fails, dies or takes too long is an `error`.

    Raises:
        GraderError: a sandbox can't be made here, or another trouble of this machine's.
    """
    with _alone(wanted.tier, begins), contextlib.ExitStack() as stack:
        try:
            parcel = stack.enter_context(courier.carried(path, wanted.tier))
        except SubmissionError as error:
            return Record(state="ungradable", message=str(error)[:2_000])
        return _Grading(wanted, begins, turns, stopped).record(parcel, keep)


def judge_again(
    evidence: Iterable[tuple[str, BinaryIO]],
    wanted: Wanted,
    keep: Callable[[str, str, bytes], None],
    *,
    packed: bool,
) -> Iterator[tuple[str, Record]]:
    """Judge evidence that was collected before, in one sandbox, each in a process of its own.

    Args:
        evidence: the name to show, and the open file: a record (`packed`), or a stream of a folder's files.
        keep: given the name, and what was written beside the record, name and bytes.
    """
    with contextlib.ExitStack() as stack:
        folders = _laid_out(wanted, stack)
        sandbox: Sandbox | None = None
        for name, source in evidence:
            try:
                if sandbox is None:
                    sandbox = stack.enter_context(
                        Sandbox(wanted.tier, purpose="worker", ceilings=CEILINGS, reads=folders)
                    )
                    sandbox.preload(_JUDGING)
                yield name, _judged(sandbox, name, source, wanted, keep, folders, packed=packed)
            except GraderError as error:  # the sandbox is gone: the next ones get another
                sandbox = None
                yield name, Record(state="error", lost=True, message=str(error)[:2_000])


def _judged(
    sandbox: Sandbox,
    name: str,
    source: BinaryIO,
    wanted: Wanted,
    keep: Callable[[str, str, bytes], None],
    folders: Sequence[Path],
    *,
    packed: bool,
) -> Record:
    with tempfile.TemporaryFile() as out:
        order = _order(sandbox, "judge", _instructions(wanted, "archive", name, folders), packed=packed)
        with sandbox.start(order, [source.fileno(), out.fileno()]) as job:
            code = job.wait(_JUDGING_SECONDS)
        if code is None:
            reason = f"Judging it timed out after {_JUDGING_SECONDS:g} seconds."
            return Record(state="error", lost=True, message=reason)
        return _received(out, code, job.log, lambda file, content: keep(name, file, content))


def _laid_out(wanted: Wanted, stack: contextlib.ExitStack) -> tuple[Path, ...]:
    """The folder of another assignment than the lab's, for as long as it is needed."""
    return (stack.enter_context(wanted.assignment.laid_out()),) if wanted.assignment else ()


def _instructions(
    wanted: Wanted, kind: Any, name: str, folders: Sequence[Path], *, gives_way: bool = False
) -> Instructions:
    return Instructions(
        kind=kind,
        name=name,
        tier=wanted.tier,
        environment=wanted.environment,
        only=wanted.only or (wanted.assignment.asks if wanted.assignment else ()),
        assignment=str(folders[0]) if folders else "",
        rubric=rubrics.as_table(wanted.rubric) if wanted.rubric else None,
        decisions=wanted.decisions.get(name),
        pages=wanted.pages,
        evidence=wanted.evidence,
        cold=wanted.cold,
        gives_way=gives_way,
    )


def _order(sandbox: Sandbox, do: Any, instructions: Instructions, **facts: Any) -> Order:
    return Order(
        do=do,
        name=f"grader {do}",
        cwd=sandbox.root,
        environment=sandbox.environment(),
        facts={"instructions": instructions.model_dump(mode="json"), **facts},
    )


class _Grading:
    """One worker, and the sandboxes that it asks for."""

    def __init__(
        self,
        wanted: Wanted,
        begins: Callable[[str], None],
        turns: Turns | None,
        stopped: Callable[[], bool],
    ) -> None:
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
            for enclosure in self._enclosures:
                enclosure.close()
            if self._turns and not self._resting:
                self._turns.release()
        used = sum(enclosure.cpu_seconds for enclosure in self._enclosures)
        return record.model_copy(update={"cpu_seconds": round(record.cpu_seconds + used, 3)})

    def _worked(self, parcel: Parcel, keep: Keep) -> Record:
        with (
            contextlib.ExitStack() as stack,
            Sandbox(
                self._wanted.tier,
                purpose="worker",
                ceilings=CEILINGS,
                reads=(folders := _laid_out(self._wanted, stack)),
            ) as sandbox,
            tempfile.TemporaryFile() as out,
        ):
            sandbox.preload(_COLLECTING)
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            instructions = _instructions(
                self._wanted, parcel.kind, parcel.name, folders, gives_way=self._turns is not None
            )
            order = _order(sandbox, "grade", instructions)
            with ours, sandbox.start(order, [theirs.fileno(), parcel.file, out.fileno()]) as job:
                theirs.close()
                stopped = self._serve(ours)
                code = None if stopped else job.wait(_LAST_SECONDS)
            if code is None:
                reason = stopped or "The grader's worker did not end after its work."
                return Record(state="error", lost=True, message=reason)
            return _received(out, code, job.log, keep)

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

    def _answer(self, line: socket.socket, message: Phase | NeedsPython | NeedsSandbox | Rests) -> None:
        match message:
            case Phase():
                self._begins(message.phase)
            case Rests():
                self._rest(message.resting)
                wire.send(line, {})
            case NeedsPython():
                wire.send(line, self._built(message.declaration))
            case NeedsSandbox():
                self._hand_over(line, message.python)

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

    def _hand_over(self, line: socket.socket, python: str) -> None:
        if python not in self._pythons or len(self._enclosures) >= _MOST_SANDBOXES:
            wire.send(line, {"trouble": "The worker asked for a sandbox that it can't have."})
            return
        enclosure = Enclosure(self._wanted.tier, Path(python))
        try:
            enclosure.__enter__()
        except GraderError as error:
            wire.send(line, {"trouble": str(error)})
            return
        self._enclosures.append(enclosure)
        wire.send(line, {"places": enclosure.places.facts()}, [enclosure.control.fileno()])


def _received(out: BinaryIO, code: int, log: Callable[[], str], keep: Keep) -> Record:
    """The record that a worker wrote; what lies beside it is given to `keep`."""
    out.seek(0)
    try:
        files = wire.read_files(out, records.MOST_FILES, records.MOST_BYTES)
        name, content = next(files, ("", b""))
        if name != "record.json" or len(content) > records.MOST_RECORD:
            raise wire.WireError("no record")
        record = Record.model_validate_json(content)
        for name, content in files:
            if not _RECORD_NAME.fullmatch(name):
                raise wire.WireError("a file of an unknown name")
            keep(name, content)
    except (wire.WireError, ValidationError) as error:
        return Record(state="error", lost=True, message=_why_lost(code, log(), error))
    return record


def _why_lost(code: int, log: str, error: Exception) -> str:
    if code == -9:
        return f"The grader's worker was stopped: it needed more than its {CEILINGS.memory} MB of memory."
    if code == -24:
        return f"The grader's worker was stopped: it needed more than {CEILINGS.cpu_seconds} seconds of processor time."
    last = (log.strip().splitlines() or [str(error).splitlines()[0]])[-1]
    return f"The grader's worker ended early (exit code {code}): {last[:300]}"


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


def rejudge(folder: Path, wanted: Wanted) -> Graded:
    """Judge the evidence that `grader check --evidence` wrote into a folder.

    Raises:
        EvidenceError: there is none, or it isn't what the grader wrote.
    """
    files: dict[str, bytes] = {}
    with _stream(folder) as stream:
        [(_, record)] = judge_again(
            [("", stream)], wanted, lambda name, file, content: files.__setitem__(file, content), packed=False
        )
    if record.report is None:
        raise EvidenceError(record.message)
    return Graded(record.report, files)


@contextmanager
def _stream(path: Path) -> Iterator[BinaryIO]:
    file = path / "evidence.json" if path.is_dir() else path
    if not file.is_file():
        raise EvidenceError(f"There is no evidence at {path}. Make it with: grader check … --evidence DIR")
    with tempfile.TemporaryFile() as stream:
        wire.write_file(stream, "evidence.json", file.read_bytes())
        for blob in sorted((file.parent / "blobs").glob("*")):
            if blob.is_file() and not blob.is_symlink():
                wire.write_file(stream, f"blobs/{blob.name}", blob.read_bytes())
        wire.end_files(stream)
        stream.seek(0)
        yield stream

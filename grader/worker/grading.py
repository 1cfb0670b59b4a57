"""Inside the worker's sandbox: read a submission, run it in another sandbox, judge what was seen, write it down."""

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader import environments, manifest, settled
from grader import rubric as rubrics
from grader.collect.code.imports import worth_loading
from grader.collect.start.setting import Part
from grader.criteria import ALL
from grader.environments import Built, Choice, Declaration, Unsolvable
from grader.errors import EnvironmentUnavailable, GraderError, SubmissionError
from grader.evidence import Environment, Evidence
from grader.inside import wire
from grader.intake.courier import Parcel
from grader.judge import Status
from grader.sandbox import Places, Sandbox
from grader.worker import records, writing
from grader.worker.records import Instructions, Record

if TYPE_CHECKING:
    from grader.assignment.assignment import Assignment

_FIRST_WORDS = 2_000


class Parent:
    """The line to the process that started this one: it has what a worker must not have."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._asking = threading.Lock()  # the suite asks beside the questions to the app
        self.environment: Environment | None = None  # once one was built

    def _ask(self, message: Any, *, answers: bool = True) -> tuple[dict[str, Any], list[int]]:
        try:
            with self._asking:
                wire.send(self._line, message.model_dump(mode="json"))
                return wire.receive(self._line) if answers else ({}, [])
        except wire.WireError as error:
            raise GraderError(f"The grader's parent process is gone: {error}") from error

    def begins(self, phase: str) -> None:
        """Say what is being done."""
        self._ask(records.Phase(phase=phase[:200]), answers=False)

    def tells(self, verdicts: Mapping[str, Status]) -> None:
        """Say which verdicts are settled."""
        self._ask(records.Settled(verdicts=dict(verdicts)), answers=False)

    def python_for(self, root: Path, choice: Choice, history: Path | None = None) -> Path:
        """The interpreter with the packages that a submission is to run with; the parent builds it where one is needed.

        Raises:
            SubmissionError: its own packages were asked for, and it declares none.
            GraderError: they can't be had.
        """
        from grader.collect.code.find_app import file_of_app
        from grader.collect.code.reaching import Reach

        app = file_of_app(root, manifest.read(root))
        files = Reach(root).files_of(root / app) if app else None
        try:
            chosen = environments.choose(
                root, choice, self._build, app, files, partial(self._committed, history)
            )
        except EnvironmentUnavailable as error:
            if choice != "auto":
                raise
            raise GraderError(
                f"{error} To grade it with the lab's packages all the same: --env lab"
            ) from error
        if chosen.built and chosen.declaration:
            self.environment = Environment(
                packages=chosen.built.packages,
                ignored=chosen.declaration.ignored,
                missing=chosen.built.missing,
            )
        return chosen.python

    def _committed(self, history: Path | None) -> date | None:
        from grader.collect.scanning.history import day_of_last_commit

        if history is None or not history.is_dir():
            return None
        with self.sandbox() as sandbox:
            return day_of_last_commit(history, sandbox)

    def _build(self, declaration: Declaration) -> Built:
        answer, _ = self._ask(records.NeedsPython(declaration=declaration))
        if answer.get("trouble"):
            trouble = str(answer["trouble"])
            raise Unsolvable(trouble) if answer.get("unsolvable") else EnvironmentUnavailable(trouble)
        return Built(
            python=Path(answer["python"]),
            digest="",
            packages=tuple(answer["packages"]),
            missing=tuple(answer["missing"]),
        )

    @contextmanager
    def sandbox(
        self, python: Path = Path(sys.executable), work: Path | None = None, *, cold: bool = False
    ) -> Iterator[Sandbox]:
        """A sandbox for the submission's code, which the parent starts and ends."""
        loads = worth_loading(work) if work is not None and not cold else ()
        answer, files = self._ask(records.NeedsSandbox(python=str(python), modules=tuple(loads)))
        if answer.get("trouble"):
            raise GraderError(str(answer["trouble"]))
        control = socket.socket(fileno=files[0])
        with Sandbox.handed_over(control, Places(**answer["places"]), work, cold=cold) as sandbox:
            yield sandbox

    @contextmanager
    def rests(self) -> Iterator[None]:
        """Let another submission have this one's turn while it only waits."""
        self._ask(records.Rests(resting=True))
        try:
            yield
        finally:
            self._ask(records.Rests(resting=False))


def main(order: dict[str, Any]) -> None:
    """Grade: the files of the order are the line to the parent, the submission, and the file for the record."""
    line, incoming, out = order["files"]
    instructions = Instructions.model_validate(order["instructions"])
    began = time.monotonic()
    with open(out, "wb") as stream:
        try:
            _graded(instructions, Parent(socket.socket(fileno=line)), incoming, stream, began)
        except SubmissionError as error:
            writing.outcome(stream, Record(state="ungradable", message=_first(error)))
        except (GraderError, MemoryError) as error:
            writing.outcome(stream, Record(state="error", message=_first(error)))
        except Exception as error:  # a bug of ours is never the learner's failure
            where = f"{type(error).__name__}: {error}"
            writing.outcome(stream, Record(state="error", message=where[:_FIRST_WORDS]))
            raise
        stream.flush()
    os._exit(0)  # threads of a stand-in that a submission keeps busy are not waited for


def _telling(
    parent: Parent, instructions: Instructions, assignment: "Assignment | None"
) -> Callable[[Part, Evidence], None]:
    """What judges a part as soon as it is settled, and says so."""
    rubric = rubrics.from_table(instructions.rubric or {})
    criteria = assignment.criteria if assignment else ALL

    def tell(part: Part, seen: Evidence) -> None:
        parent.tells(settled.verdicts(part, seen, rubric, criteria))

    return tell


def _first(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:_FIRST_WORDS]


def _graded(instructions: Instructions, parent: Parent, incoming: int, stream: Any, began: float) -> None:
    from grader.collect import collect
    from grader.submission import check_for_a_program, read

    assignment = writing.read_assignment(instructions)
    place = Path(os.getcwd())
    parcel = Parcel(instructions.kind, instructions.name, incoming)
    parent.begins("reading the submission")
    find_python = partial(parent.python_for, choice=instructions.environment, history=place / "history")
    submission = read(parcel, place, parent.sandbox, find_python)
    check_for_a_program(submission)
    seen = collect(
        submission,
        parent.begins,
        instructions.only,
        tier=instructions.tier,
        cold=instructions.cold,
        patience=parent.rests if instructions.gives_way else None,
        open_sandbox=parent.sandbox,
        assignment=assignment.questions if assignment else None,
        settled=_telling(parent, instructions, assignment) if instructions.tells else None,
        processors=instructions.processors,
    )
    if parent.environment:
        seen = seen.model_copy(update={"environment": parent.environment}).with_blobs(seen.blobs)
    writing.write_everything(stream, seen, instructions, time.monotonic() - began, assignment)
    with contextlib.suppress(OSError):
        os.close(incoming)

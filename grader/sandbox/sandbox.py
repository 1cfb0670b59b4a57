"""What the grader asks of a sandbox: files brought in, sockets handed out, jobs started.

Sockets are made inside and handed out: the stand-ins listen on them, and the grader's own requests go through them,
without a route between the two sides.
"""

import contextlib
import itertools
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.errors import GraderError
from grader.evidence import MAX_TEXT
from grader.inside import commands, wire, work
from grader.inside.commands import (
    Command,
    Listen,
    MakeSockets,
    MeasureWaiting,
    OpenLine,
    Preload,
    Receive,
    Start,
)
from grader.inside.policy import Ceilings, Purpose
from grader.sandbox import enclosure, visible
from grader.sandbox.enclosure import Enclosure, Places
from grader.sandbox.job import Job, Listener, Order
from grader.sandbox.nursery import Nursery
from grader.sandbox.tiers import Tier

_ANSWER_SECONDS = 60.0
_END_SECONDS = 15.0
_SPARE_SOCKETS = 16


class Sandbox:
    """A place for one submission. Leaving the context ends everything in it.

    Args:
        tier: how strong the wall is.
        python: the interpreter for whatever runs inside.
        work: the submission's own files on this side, if it is to have any.
        cold: start every job in a fresh interpreter, rather than forking a loaded one.
        ceilings: how much it may take of the machine.
        purpose, shows, reads, nursery: see `Enclosure`.

    Raises:
        GraderError: it can't be made.
    """

    def __init__(
        self,
        tier: Tier,
        python: Path = Path(sys.executable),
        work: Path | None = None,
        *,
        cold: bool = False,
        ceilings: Ceilings | None = None,
        purpose: Purpose = "submission",
        shows: dict[str, str] | None = None,
        reads: Sequence[Path] = (),
        nursery: Nursery | None = None,
    ) -> None:
        self._enclosure: Enclosure | None = Enclosure(tier, python, ceilings, purpose, shows, reads, nursery)
        self._prepare(work, cold)

    @classmethod
    def handed_over(
        cls, control: socket.socket, places: Places, work: Path | None = None, *, cold: bool = False
    ) -> Self:
        """A sandbox that another process started and ends; `control` steers it."""
        sandbox = cls.__new__(cls)
        sandbox._enclosure = None
        sandbox._control, sandbox._places = control, places
        sandbox._prepare(work, cold)
        return sandbox

    def over(self, line: socket.socket) -> "Sandbox":
        """This sandbox, steered over a further line: for a process that was forked from this one. See `open_line`."""
        other = Sandbox.handed_over(line, self._places, cold=self._cold)
        other._work, other._brings = self._work, False
        return other

    def _prepare(self, work: Path | None, cold: bool) -> None:
        self._cold, self._work, self._brings = cold, work, True
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[tuple[dict[str, Any], list[int]]]] = {}
        self._jobs: dict[int, Job] = {}
        self._sending, self._taking = threading.Lock(), threading.Lock()
        self._socket_lock = threading.Lock()
        self._spare: list[socket.socket] = []
        self._reader = threading.Thread(target=self._read, daemon=True)

    # --- the two ends -----------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        if self._enclosure is not None:
            self._enclosure.__enter__()
            self._control, self._places = self._enclosure.control, self._enclosure.places
        self._reader.start()
        try:
            if self._work is not None and self._brings:
                self._bring(self._work)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything inside, and leave nothing behind."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        if self._enclosure is not None:
            self._enclosure.close()
        if self._reader.is_alive():
            self._reader.join(_END_SECONDS)
        self._control.close()
        for each in self._spare:
            each.close()

    @property
    def tier(self) -> Tier:
        """How strong its wall is."""
        return self._places.tier

    @property
    def python(self) -> Path:
        """The interpreter for whatever runs inside."""
        return Path(self._places.python)

    @property
    def root(self) -> str:
        """The folder of the submission, on the inside."""
        return self._places.root

    @property
    def home(self) -> str:
        """The home folder, on the inside."""
        return self._places.home

    @property
    def temporary(self) -> str:
        """The folder for temporary files, on the inside."""
        return self._places.temporary

    def _read(self) -> None:
        """Pass each of the agent's messages to the thread that waits for it."""
        while True:
            try:
                message, files = wire.receive(self._control)
            except wire.WireError:
                break
            if "ended" in message:
                job = self._jobs.get(message["ended"])
                if job and not job.ended.done():
                    job.ended.set_result(int(message["code"]))
            else:
                with self._taking:
                    waiting = self._waiting.pop(message["to"], None)
                if waiting:
                    waiting.set_result((message, files))
        with self._taking:
            waiting_still, self._waiting = list(self._waiting.values()), {}
        for each in waiting_still:
            each.set_exception(GraderError("The sandbox died while the submission was graded."))
        for job in list(self._jobs.values()):
            if not job.ended.done():
                job.ended.set_result(-9)

    def ask(self, command: Command, files: Sequence[int] = (), within: float = _ANSWER_SECONDS) -> list[int]:
        """Let the agent obey a command; returns the files that it hands out.

        Raises:
            GraderError: it can't, or it is not there any more.
        """
        return self._exchange(command, files, within)[1]

    def waited(self, job: int) -> float:
        """How many seconds a job was ready to run while the machine was busy with others.

        Raises:
            GraderError: the agent is not there any more.
        """
        return float(self._exchange(MeasureWaiting(job), (), _ANSWER_SECONDS)[0].get("seconds", 0.0))

    def _exchange(
        self, command: Command, files: Sequence[int], within: float
    ) -> tuple[dict[str, Any], list[int]]:
        number = next(self._numbers)
        waiting: Future[tuple[dict[str, Any], list[int]]] = Future()
        with self._taking:
            self._waiting[number] = waiting
        try:
            with self._sending:
                wire.send(self._control, commands.encode(number, command), files)
            answer, handed = waiting.result(within)
        except (wire.WireError, FutureTimeout) as error:
            raise GraderError("The sandbox died while the submission was graded.") from error
        if answer.get("trouble"):
            raise GraderError(f"The sandbox could not {commands.WORDS[type(command)]}: {answer['trouble']}")
        return answer, handed

    # --- files ------------------------------------------------------------------------------------------------

    def inside(self, path: Path) -> str:
        """Where a path of the submission is on the inside; any other path stays what it is."""
        if self._work is not None and path.is_relative_to(self._work):
            return os.path.join(self.root, path.relative_to(self._work).as_posix()).rstrip("/.")
        return str(path)

    def _bring(self, work: Path) -> None:
        files = [(path.relative_to(work).as_posix(), path) for path in sorted(work.rglob("*"))]
        self.bring(
            ((name, path) for name, path in files if path.is_file() and not path.is_symlink()), self.root
        )

    def bring(self, files: Iterable[tuple[str, Path]], root: str) -> None:
        """Copy files to a folder inside: the name each is to have there, and where it is here."""
        coming, going = os.pipe()
        failed: list[OSError] = []

        def write() -> None:
            try:
                with open(going, "wb") as stream:
                    for name, path in files:
                        wire.write_file(stream, name, path.read_bytes())
                    wire.end_files(stream)
            except OSError as error:
                failed.append(error)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        try:
            self.ask(Receive(root, most_files=100_000, most_bytes=1 << 30), [coming])
        finally:
            os.close(coming)
        writer.join(_ANSWER_SECONDS)
        if failed:
            raise GraderError(f"The submission's files could not be brought in: {failed[0]}") from failed[0]

    # --- sockets ----------------------------------------------------------------------------------------------

    def listener(self) -> socket.socket:
        """A socket that listens on the inside's loopback, on a port of its own."""
        return socket.socket(fileno=self.ask(Listen())[0])

    def open_line(self) -> socket.socket:
        """A further line to what runs inside, for another process. When it is closed, what was started over it ends."""
        return socket.socket(fileno=self.ask(OpenLine())[0])

    def socket(self) -> socket.socket:
        """A TCP socket that reaches the inside's loopback when it is connected."""
        with self._socket_lock:
            if not self._spare:
                self._spare = [socket.socket(fileno=file) for file in self.ask(MakeSockets(_SPARE_SOCKETS))]
            return self._spare.pop()

    # --- jobs -------------------------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """What any program inside needs; see `enclosure.environment`."""
        return enclosure.environment(self._places)

    def preload(self, modules: Sequence[str]) -> None:
        """Load modules once for every job; nothing is loaded in a cold sandbox."""
        if not self._cold:
            self.ask(Preload(list(modules)))

    def start(
        self,
        order: Order,
        files: Sequence[int] = (),
        *,
        hears: int = 0,
        seeks: Callable[[bytes], bool] | None = None,
    ) -> Job:
        """Start a job.

        Args:
            order: what it does.
            files: open files for it.
            hears: if not 0, it gets a first file to write to; `Job.read_report` is what it wrote, up to so many bytes.
            seeks: whether bytes hold what is sought; asked of all that it prints, from the first byte on. See
                `Job.printed_sought`.
        """
        number = next(self._numbers)
        printed, prints = os.pipe()
        theirs = [prints]
        report = None
        if hears:
            heard, speaking = os.pipe()
            report = Listener(heard, hears, "first")
            theirs.append(speaking)
        log = Listener(printed, 4 * MAX_TEXT, "last")
        if seeks is not None:
            log.seek(seeks)
        job = self._jobs[number] = Job(self, number, log, report)
        try:
            command = Start(
                job=number,
                do=order.do,
                name=order.name,
                cold=self._cold,
                cwd=order.cwd,
                environment=dict(order.environment),
                pythonpath=[str(visible.PACKAGES)] if order.do in work.OURS else list(order.pythonpath),
                facts=dict(order.facts),
            )
            self.ask(command, [*theirs, *files])
        finally:
            for file in theirs:
                os.close(file)
        return job

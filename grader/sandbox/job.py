"""Something that runs in a sandbox: how it ended, what it printed, what it wrote to the grader."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from grader.errors import GraderError
from grader.evidence import cap
from grader.inside.commands import Command, End

_END_SECONDS = 15.0
_TAIL = 4 * 1024  # bytes of what came before in which something sought may have begun
_LAST_WORDS = 0.3  # seconds to wait for output of a job that has ended


@dataclass(frozen=True)
class Order:
    """What a job does.

    `do`: "serve" an application, or a "redis" beside it, run "pytest" or a "notebook", "unpack" an archive or a platform's download, "checkout" a repository, "fetch" one
    from another host, "run" a program, or do the grader's own reading ("grade", "judge"). Paths are those of the
    inside: see `Sandbox.inside`.
    """

    do: Literal[
        "serve",
        "redis",
        "pytest",
        "notebook",
        "unpack",
        "unpack-download",
        "checkout",
        "fetch",
        "run",
        "grade",
        "judge",
    ]
    name: str
    cwd: str
    environment: Mapping[str, str]
    pythonpath: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class Asks(Protocol):
    """What a job needs of its sandbox."""

    def ask(self, command: Command) -> list[int]:
        """See `Sandbox.ask`."""

    def waited(self, job: int) -> float:
        """See `Sandbox.waited`."""


class Listener(threading.Thread):
    """Reads what a job writes until nobody can write any more, and keeps the first or the last of it.

    Never stops reading: a full pipe would stall the job.
    """

    def __init__(self, file: int, most: int, keep: Literal["first", "last"]) -> None:
        super().__init__(daemon=True)
        self._file, self._most, self._keep = file, most, keep
        self._kept = bytearray()
        self._is_sought: Callable[[bytes], bool] | None = None
        self._tail = b""
        self.total = 0
        self.found = False
        self.start()

    def run(self) -> None:
        """Read."""
        with open(self._file, "rb", buffering=0) as source:
            while part := source.read(1 << 16):
                self.total += len(part)
                self._look(part)
                if self._keep == "last":
                    self._kept += part
                    del self._kept[: max(0, len(self._kept) - self._most)]
                elif len(self._kept) < self._most:
                    self._kept += part[: self._most - len(self._kept)]

    def seek(self, is_sought: Callable[[bytes], bool]) -> None:
        """From now on note in `found` whether something comes that it is true of, however much comes after it."""
        self._is_sought = is_sought
        if is_sought(self.content):
            self.found = True

    def _look(self, part: bytes) -> None:
        if self._is_sought is not None and not self.found:
            seen = self._tail + part
            self.found = self._is_sought(seen)
            self._tail = seen[-_TAIL:]

    def settle(self) -> None:
        """Wait until all is read; a process that got away may hold the other end for ever, and is not waited for."""
        before = -1
        while self.is_alive() and self.total != before:
            before = self.total
            self.join(_LAST_WORDS)

    @property
    def content(self) -> bytes:
        """What is kept so far."""
        return bytes(self._kept)

    @property
    def whole(self) -> bytes | None:
        """All of it, if it was not more than is kept."""
        return bytes(self._kept) if self.total <= self._most else None


class Job:
    """Something that runs in a sandbox. Leaving the context kills it and its process group."""

    def __init__(self, sandbox: Asks, number: int, log: Listener, report: Listener | None) -> None:
        self._sandbox, self._number = sandbox, number
        self._log, self._report = log, report
        self.ended: Future[int] = Future()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative if a signal ended it."""
        return self.ended.result() if self.ended.done() else None

    def wait(self, seconds: float) -> int | None:
        """The exit code, or None if it runs longer than that."""
        try:
            return self.ended.result(seconds)
        except FutureTimeout:
            return None

    def waited(self) -> float:
        """How many seconds it was ready to run while the machine was busy with others; 0 once it has ended."""
        if self.ended.done():
            return 0.0
        try:
            return self._sandbox.waited(self._number)
        except GraderError:
            return 0.0

    def log(self) -> str:
        """What it printed, capped; the end of it if it was much."""
        if self.ended.done():
            self._log.settle()
        return cap(self._log.content.decode("utf-8", "replace"))

    @property
    def printed_sought(self) -> bool:
        """Whether it printed one of them, in what is no longer kept, too."""
        return self._log.found

    @property
    def printed(self) -> int:
        """How many bytes it has printed so far."""
        return self._log.total

    def log_since(self, start: int) -> str:
        """What it has printed since it had printed so many bytes, as far as that is kept."""
        content, total = self._log.content, self._log.total
        return content[max(0, len(content) - max(0, total - start)) :].decode("utf-8", "replace")

    def read_report(self) -> bytes | None:
        """What it wrote into the first file of its order; None if that was too much."""
        return self._heard().whole

    def read_partial_report(self) -> bytes:
        """As much of it as is kept."""
        return self._heard().content

    def _heard(self) -> Listener:
        if self._report is None:
            raise GraderError("A job that was given no file to write to can't have reported anything.")
        self._report.settle()
        return self._report

    def kill(self) -> None:
        """End it."""
        if not self.ended.done():
            with contextlib.suppress(GraderError):
                self._sandbox.ask(End(self._number))
            self.wait(_END_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

"""A submission's notebooks, run beside the questions to its app and beside each other.

They have a sandbox of their own: neither their memory nor their files nor their servers are the app's. Processes that are forked from this one have
one notebook at a time each, which runs between stand-ins of its own in a process of its own: moto keeps what is stored in its process, and what one
notebook had loaded leaves no room for the next. What did not go well in company
is run once more alone, and that run counts.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.collect import notebooks
from grader.collect.notebooks import Attempt, Checks
from grader.errors import GraderError
from grader.evidence import NotebookRun
from grader.inside import wire
from grader.sandbox import Sandbox
from grader.submission import OpensSandbox, Submission

MOST_AT_ONCE = 2  # they share the memory of the worker
_POLL = 0.5  # seconds
_ALL_NEED = ("nbclient", "nbformat")
_ALWAYS = 60.0  # seconds that running alone may take, even if running at once has saved less


@dataclass
class _Member:
    """A forked process that has notebooks run, the head of its group, and the line to it."""

    process: int
    line: socket.socket


class NotebooksBeside:
    """The notebooks of one submission, which run from now on. Leaving the context ends them.

    Args:
        submission: theirs.
        sandbox: for them alone; no thread of this process may be at work but those of sandboxes.
        processors: how many may be kept busy. Until `hurry`, one is left to the app.
        checks: an assignment's exercises; the course's, if they are left out.
    """

    def __init__(
        self, submission: Submission, sandbox: Sandbox, processors: int, checks: Checks | None = None
    ) -> None:
        self._submission, self._sandbox, self._checks = submission, sandbox, checks
        self._paths = notebooks.find(submission.root)
        self._processors = min(processors, MOST_AT_ONCE, len(self._paths))
        self._attempts: dict[Path, Attempt] = {}
        self._took: dict[Path, float] = {}  # seconds, by our clock
        self._left = list(reversed(self._paths))
        self._changed = threading.Condition()
        self._allowed, self._running = max(1, self._processors - 1), 0
        self._members: list[_Member] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        lines = [self._sandbox.open_line() for _ in self._paths]  # one for each notebook's process
        for _ in range(self._processors):  # all of them are forked before there is a thread that leads one
            self._members.append(self._fork(lines))
        for line in lines:
            line.close()
        self._threads = [
            threading.Thread(target=self._lead, args=(member,), daemon=True) for member in self._members
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._left.clear()
            self._changed.notify_all()
        for member in self._members:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(member.process, signal.SIGKILL)
            os.waitpid(member.process, 0)
        for thread in self._threads:
            thread.join()
        for member in self._members:
            member.line.close()

    def hurry(self) -> None:
        """Let them have all processors: nothing else is under way."""
        with self._changed:
            self._allowed = self._processors
            self._changed.notify_all()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing of them runs within; those that run are waited for first."""
        with self._changed:
            before, self._allowed = self._allowed, 0
            self._changed.wait_for(lambda: not self._running)
        try:
            yield
        finally:
            with self._changed:
                self._allowed = before
                self._changed.notify_all()

    def settled(
        self, progress: Callable[[int, int], None] = lambda done, of: None
    ) -> tuple[NotebookRun, ...]:
        """What each notebook did, in the order of their names; empties every `S3Mock` of this process.

        Raises:
            GraderError: the sandbox is gone.
        """
        self.hurry()
        for thread in self._threads:
            while thread.is_alive():
                thread.join(_POLL)
                progress(len(self._attempts), len(self._paths))
        self._run_again()
        return tuple(self._attempts[path].run for path in self._paths)

    def _run_again(self) -> None:
        """Run alone what may not have gone well for what ran beside it, for as long as running at once has saved."""
        left = max(_ALWAYS, sum(self._took.values()) - (time.monotonic() - self._began))
        again = []
        for path in self._paths:
            attempt = self._attempts.get(path)
            if attempt is None:
                again.append(path)
            elif not attempt.stands and self._took[path] < left:
                left -= self._took[path]
                again.append(path)
        alone = notebooks.attempts(self._submission, self._sandbox, again, self._checks)
        self._attempts.update(zip(again, alone, strict=True))

    def _lead(self, member: _Member) -> None:
        """Give a member one notebook after the other; those of one that is gone are left to be run alone."""
        while (path := self._next()) is not None:
            began = time.monotonic()
            try:
                wire.send(member.line, {"notebook": self._paths.index(path)})
                answer, _ = wire.receive(member.line)
                run = NotebookRun.model_validate(answer["run"])
                self._took[path] = time.monotonic() - began
                self._attempts[path] = Attempt(run, stands=answer["stands"])
            except (wire.WireError, KeyError):
                return
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def _next(self) -> Path | None:
        """The next one, once it may begin; None if there is none."""
        with self._changed:
            self._changed.wait_for(lambda: not self._left or self._running < self._allowed)
            if not self._left:
                return None
            self._running += 1
            return self._left.pop()

    def _fork(self, lines: Sequence[socket.socket]) -> _Member:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        process = os.fork()
        if process:
            theirs.close()
            with contextlib.suppress(OSError):  # it does the same; whichever comes first
                os.setpgid(process, process)
            return _Member(process, ours)
        try:
            os.setpgid(0, 0)
            _close_all_but(theirs.fileno(), *(line.fileno() for line in lines))
            self._have_run(theirs, lines)
        finally:
            os._exit(0)

    def _have_run(self, line: socket.socket, lines: Sequence[socket.socket]) -> None:
        """In a member: have each notebook run that is asked for over the line, until that is closed or one is lost."""
        with contextlib.suppress(wire.WireError):
            while True:
                message, _ = wire.receive(line)
                number = message["notebook"]
                process = os.fork()
                if process == 0:
                    self._be_run(line, lines[number], self._paths[number])
                if os.waitpid(process, 0)[1]:
                    return

    def _be_run(self, line: socket.socket, own: socket.socket, path: Path) -> None:
        """In a process of its own: run a notebook, and send what it did."""
        code = 1
        try:
            with contextlib.suppress(wire.WireError, GraderError), self._sandbox.over(own) as sandbox:
                [attempt] = notebooks.attempts(self._submission, sandbox, [path], self._checks)
                wire.send(line, {"run": attempt.run.model_dump(mode="json"), "stands": attempt.stands})
                code = 0
        finally:
            os._exit(code)


@contextmanager
def run_beside(
    submission: Submission, open_sandbox: OpensSandbox, processors: int, checks: Checks | None = None
) -> Iterator[NotebooksBeside | None]:
    """Run the notebooks of a submission from now on; None, if there are none, or there is one processor alone.

    Raises:
        GraderError: there can't be a sandbox for them.
    """
    if processors < 2 or not notebooks.find(submission.root):
        yield None
        return
    with open_sandbox(submission.python, submission.root) as sandbox:
        sandbox.preload(_ALL_NEED)
        with NotebooksBeside(submission, sandbox, processors, checks) as beside:
            yield beside


def _close_all_but(*kept: int) -> None:
    """Let go of what this process has inherited; numbers stay taken, since objects that still have them may close them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/dev/fd"):
        file = int(name)
        if file > 2 and file not in (nothing, *kept):
            with contextlib.suppress(OSError):  # of the listing itself
                os.fstat(file)
                os.dup2(nothing, file)
    os.close(nothing)

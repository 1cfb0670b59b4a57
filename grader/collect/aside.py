"""What takes time and little work, done aside: the suite, and the question what the app does about a silent OpenAI.

A second process of the worker's does it, from the moment at which the app's operations are known, with a second sandbox, a second
copy of the submission's files, and stand-ins of its own: nothing that either app keeps, in a file, a port or a bucket,
meets the other's. It is a process and not a thread because S3's stand-in keeps its buckets for a whole process. Where it
can't be had, or the second app does not answer as the first did, the first is asked instead.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from grader.collect import second
from grader.collect.find_app import find_app
from grader.collect.seen_aside import RAN, SAME_START, SEEN, VIABLE, Given, SeenAside
from grader.errors import GraderError
from grader.evidence import AppStart, Offer, TestRun
from grader.inside import wire
from grader.sandbox import Places

_SILENT = "errors.timeout"
_MOST_FILES, _MOST_BYTES = 10_000, 256 * 1024 * 1024
_END_SECONDS = 5.0
_FEWEST = 2  # processors: with one, the app would only be slower while the suite runs beside it

Claims = Callable[[Path], tuple[socket.socket, Places]]


class Aside:
    """The second process, as the first sees it. Leaving the context ends it, whatever it does."""

    def __init__(self, line: socket.socket, process: int) -> None:
        self._line, self._process = line, process
        self._source = line.makefile("rb")
        self._files = wire.read_files(self._source, _MOST_FILES, _MOST_BYTES)
        self._asked = False
        self._lost = False
        self._viable: bool | None = None
        self.why_not = "it is gone"  # for whoever looks for the reason

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)  # by which it ends
        self._source.close()
        self._line.close()
        _end(self._process)

    def start_app(self, first: AppStart) -> None:
        """Have the app started there too, since it starts here, and in which way."""
        self._say({"first": first.model_dump(mode="json", include=SAME_START)})

    def begin(self, offers: Sequence[Offer]) -> None:
        """Let it run the suite, and ask the app if one was started; once is enough."""
        if not self._asked:
            self._asked = True
            self._say({"offers": [offer.model_dump(mode="json") for offer in offers]})

    def asks_in_silence(self) -> bool:
        """Whether its app serves as the first does, so that it is the one to be asked."""
        if self._viable is None:
            try:
                name, content = next(self._files)
                self._viable = (name, content) == (VIABLE, b"yes")
                self.why_not = "" if self._viable else content.decode("utf-8", "replace")
            except (OSError, ValueError, wire.WireError, StopIteration):
                self._viable, self._lost = False, True
        return self._viable

    def seen(self, ran: Callable[[TestRun], None]) -> tuple[SeenAside, dict[str, bytes]] | None:
        """What it saw of the app, waited for, and the bytes that this refers to; None if it is gone without having been asked.

        Args:
            ran: called with the suite's run as soon as that has ended, which may be before.

        Raises:
            GraderError: it failed, or is gone though the app was to be asked there.
        """
        viable = self.asks_in_silence()
        if self._lost:
            return None
        files: dict[str, bytes] = {}
        try:
            for name, content in self._files:
                if name == RAN:
                    ran(TestRun.model_validate_json(content))
                else:
                    files[name] = content
            return SeenAside.model_validate_json(files.pop(SEEN)), files
        except wire.Trouble as trouble:
            raise GraderError(str(trouble)) from trouble
        except (OSError, ValueError, KeyError, wire.WireError, ValidationError) as error:
            if viable:
                raise GraderError(
                    "The grader's second process ended while it asked the app. Grade the submission again."
                ) from error
            return None

    def _say(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(wire.WireError):  # whether it is there is seen when it is read
            wire.send(self._line, message)


@contextmanager
def begun(given: Given, claims: Claims | None) -> Iterator[Aside | None]:
    """A second process, which makes itself ready; None where there can't be one.

    To be called before this process has threads or stand-ins of its own, since it forks. `claims`: asks for a sandbox, and gives
    its control socket and its places.
    """
    if claims is None or threading.active_count() > 1 or _processors() < _FEWEST or not _worth_it(given):
        yield None
        return
    try:
        control, places = claims(given.submission.python)
    except GraderError:
        yield None
        return
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    process = os.fork()
    if process == 0:
        second.be_second(given, theirs, control, places)
    theirs.close()
    control.close()
    with Aside(ours, process) as aside:
        yield aside


def _processors() -> int:
    """How many this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _worth_it(given: Given) -> bool:
    """Whether there is an app that could be asked: without one, the suite alone waits for nothing."""
    wants = not given.only or any(_SILENT.startswith(each) or each.startswith(_SILENT) for each in given.only)
    return wants and find_app(given.submission.root, given.submission.manifest) is not None


def _end(process: int) -> None:
    deadline = time.monotonic() + _END_SECONDS
    with contextlib.suppress(ChildProcessError, ProcessLookupError):
        while not os.waitpid(process, os.WNOHANG)[0]:
            if time.monotonic() > deadline:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                return
            time.sleep(0.005)

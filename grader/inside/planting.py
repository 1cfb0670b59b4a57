"""A pytest plugin for the learner's process: after the suite has run as it is, the grader has single tests run again.

Loaded by `work.py`; imports nothing of the grader's but its neighbours here. These runs happen in processes that are
forked from the state after collection, one run after the other or each in a process of its own. They are all alike: the same
plugins, hooks and files, and an order that only names tests. In which of them a call is changed is known outside alone, so
what a run says of itself is worth nothing to a suite that does not test.
"""

from __future__ import annotations  # before pytest 7, it does not have the names of the types

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from os import _exit, dup2, fork, killpg, setpgid, waitpid, waitstatus_to_exitcode
from time import monotonic, sleep
from typing import Any

import pytest
from _pytest import assertion

from .answers import Answers
from .boundaries import Boundaries
from .channel import HungUpError, Line
from .leftovers import CantUndoError, Leftovers
from .out_of_reach import Keeper
from .stand_ins import StandIns
from .talking import Talking

_LOOK_SECONDS = 0.002  # between two looks whether a run has ended


class _Plugin:
    """Holds nothing but functions."""

    pytest_configure: Callable[[], None]
    pytest_runtest_logstart: Callable[[str], None]
    pytest_runtest_call: Callable[[], None]
    pytest_runtest_logreport: Callable[[pytest.TestReport], None]
    pytest_collectreport: Callable[[pytest.CollectReport], None]
    pytest_runtestloop: Callable[[pytest.Session], Iterator[None]]


class Planter:
    """What the plugin does.

    Args:
        order: `line`: the number of the shared socket; `root`: the submission's folder; `writable`: the folders that
            runs may write to; `frameworks`: those that the code imports; `generating`: the app's operations that generate;
            `app`: the app's files, relative to the folder; `begins`: what this process does once the tests are collected: run them
            as they are ("whole"), run those that the grader names and end ("named"), or only start processes for runs ("spare").
    """

    def __init__(self, order: dict[str, Any]) -> None:
        self._line = Line(order["line"])
        self._keeper = Keeper(
            order["root"], lambda what, where: self._boundaries.tell(looked=what, where=where)
        )
        self._boundaries = Boundaries(self._line, order["root"], self._keeper)
        self._keeper.begin()
        self._answers = Answers(self._boundaries, order["generating"])
        self._frameworks: list[str] = order["frameworks"]
        self._writable: list[str] = order["writable"]
        self._begins: str = order["begins"]
        self._failed = self._unread = False
        self._copy: int | None = None
        # before a conftest.py is imported, which may import the app
        StandIns(self._boundaries, order["root"], order["app"]).watch()
        self._counts = {"passed": 0, "failed": 0, "skipped": 0}

    def plugin(self) -> _Plugin:
        """What pytest is given, and shows to everybody: functions that lead nowhere."""
        hide = self._keeper.hide
        configured, started, called = hide(self._configured), hide(self._started), hide(self._called)
        reported, collected = hide(self._reported), hide(self._collected)
        begun, ended = hide(self._begun), hide(self._ended)

        def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
            begun(session)
            result = yield
            ended()
            return result

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logstart(nodeid: str) -> None:
            started(nodeid)

        # pytest reads the names of their arguments
        made = _Plugin()
        made.pytest_configure = lambda: configured()
        made.pytest_runtest_logstart = pytest_runtest_logstart
        made.pytest_runtest_call = lambda: called()
        made.pytest_runtest_logreport = lambda report: reported(report)
        made.pytest_collectreport = lambda report: collected(report)
        made.pytest_runtestloop = _around(pytest_runtestloop)
        return made

    def _configured(self) -> None:
        """Before the suite's own modules are imported, so that what they import is watched."""
        self._boundaries.watch_network()
        talking = Talking(self._boundaries)
        for watch in (self._boundaries.watch_s3, self._boundaries.watch_openai, talking.watch):
            with contextlib.suppress(ImportError, AttributeError):
                watch()
        self._answers.watch(self._frameworks)

    def _started(self, nodeid: str) -> None:
        """What passes a boundary from now on belongs to this test."""
        self._boundaries.test = nodeid
        self._boundaries.tell(began=True)

    def _called(self) -> None:
        """Where nobody reads why a test failed, it is not put into words: comparing two pictures in words takes seconds."""
        if self._unread:
            assertion.util._reprcompare = None

    def _reported(self, report: pytest.TestReport) -> None:
        """Count, and know whether anything failed."""
        if report.failed:
            self._failed = True
            self._counts["failed"] += 1
            if not self._unread:
                self._tell_red(report.nodeid, report)
        elif report.skipped:
            self._counts["skipped"] += 1
        elif report.when == "call":
            self._counts["passed"] += 1

    def _collected(self, report: pytest.CollectReport) -> None:
        """A file that can't be collected holds tests that do not pass."""
        if report.failed:
            self._tell_red(report.nodeid, report)

    def _tell_red(self, name: str, report: Any) -> None:
        """Which test does not pass, why, and where: what pytest's own summary says."""
        crash = getattr(report.longrepr, "reprcrash", None)
        why = str(getattr(crash, "message", "") or report.longrepr)
        where = f"{getattr(crash, 'path', '')}, line {getattr(crash, 'lineno', '')}" if crash else ""
        if not crash:  # of a file that can't be imported: the last line that pytest marks as the error
            marked = [line[1:].strip() for line in why.splitlines() if line.startswith("E ")]
            why = marked[-1] if marked else why
        self._boundaries.tell(red=name[:2_000], why=why[:1_000], where=where[:1_000])

    def _begun(self, session: pytest.Session) -> None:
        """Before the suite as it is: a copy of this process does afterwards whatever the grader asks.

        Where nothing is to run before, there is no copy: this process does it, and ends.
        """
        sys.stdout.flush()
        sys.stderr.flush()
        if self._begins == "named":
            self._be_run(session, None)
        left = Leftovers(self._writable)  # before any test could leave a message for the runs to come
        is_spare = self._begins == "spare"
        self._copy = 0 if is_spare else fork() if hasattr(os, "fork") else None
        if self._copy == 0:
            try:
                self._obey(session, left)
            finally:
                _exit(0)
        self._line.tell({"collected": len(session.items)})

    def _ended(self) -> None:
        """After it."""
        self._boundaries.test = None
        self._line.tell({"counts": self._counts})
        if self._copy is not None:
            waitpid(self._copy, 0)

    def _obey(self, session: pytest.Session, left: Leftovers) -> None:
        """In the copy: start a process for the runs to come whenever the grader asks for one, until it hangs up.

        The one before it is ended, if it still runs. A process that was started to be waited for gets one order, and its exit
        code goes to the grader.
        """
        gc.freeze()  # what is shared with the processes to come stays shared
        self._line.tell({"ready": True})
        child = 0
        with contextlib.suppress(HungUpError, CantUndoError):
            while True:
                order, [line] = self._line.hear()
                if child:
                    _ended(child, 0.0)
                left.undo()
                child = fork()
                if child == 0:
                    self._be_run(session, line)
                os.close(line)
                with contextlib.suppress(OSError):  # it does the same; whichever comes first
                    setpgid(child, child)
                if order["wait"] is not None:
                    self._line.tell({"ended": _ended(child, monotonic() + order["wait"])})
                    child = 0
        if child:
            _ended(child, 0.0)

    def _be_run(self, session: pytest.Session, line: int | None) -> None:
        """In a process of its own: run the tests that the grader names, and say whether they pass. `line`: a new one to it."""
        code = 1
        try:
            if line is not None:
                setpgid(0, 0)
                self._line.move(line)
            silence = os.open(os.devnull, os.O_WRONLY)
            for stream in (1, 2):
                dup2(silence, stream)
            session.config.option.tbstyle = "no"
            self._unread = True
            # it writes past the silence, to where pytest keeps the real output
            reporter = session.config.pluginmanager.getplugin("terminalreporter")
            session.config.pluginmanager.unregister(reporter)
            tests = {item.nodeid: item for item in session.items}
            self._line.tell({"ready": True})
            while True:
                order, _ = self._line.hear()
                code = self._run(session, [tests[name] for name in order["tests"] if name in tests])
                if order["last"]:
                    return
                self._line.tell({"ran": code})
        finally:
            _exit(code)

    def _run(self, session: pytest.Session, items: list[pytest.Item]) -> int:
        """0 if all of the tests pass."""
        session.testsfailed, session.shouldfail, session.shouldstop = 0, False, False
        self._failed = not items
        for item in items:
            _take_down(session, item)
            if hasattr(item, "_initrequest"):
                item._initrequest()  # its fixtures are set up again
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=_other(session, item))
            if self._failed:
                break
        return int(self._failed)


def _around(loop: Callable[[pytest.Session], Iterator[None]]) -> Callable[[pytest.Session], Iterator[None]]:
    """A hook that runs around the others, in the words of the pluggy that is there: 1.2 has new ones."""
    try:
        return pytest.hookimpl(wrapper=True)(loop)
    except TypeError:

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
            yield from loop(session)

        return pytest_runtestloop


def _take_down(session: pytest.Session, item: pytest.Item) -> None:
    """Take down what an item and those before it set up, but what it shares with them; before pytest 7, the item that ended came first."""
    exact: Callable[..., None] = session._setupstate.teardown_exact
    exact(*(None, item) if exact.__code__.co_argcount > 2 else (item,))


def _other(session: pytest.Session, item: pytest.Item) -> pytest.Item | None:
    """A test for whose sake what belongs to the session stays for the next run; the process ends without taking it down."""
    return next((each for each in session.items if each is not item), None)


def _ended(child: int, deadline: float) -> int | None:
    """Wait for a run; its exit code, negative for a signal, None if it took too long. Nothing that it started stays."""
    code = None
    try:
        while True:
            process, status = waitpid(child, os.WNOHANG)
            if process:
                code = waitstatus_to_exitcode(status)
            if process or monotonic() >= deadline:
                break
            sleep(_LOOK_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            killpg(child, signal.SIGKILL)
        if code is None:
            with contextlib.suppress(ChildProcessError, ProcessLookupError):
                os.kill(child, signal.SIGKILL)
                waitpid(child, 0)
    return code

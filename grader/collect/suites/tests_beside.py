"""The suite, run in a thread beside the questions to the app."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from grader.collect.code.find_app import AppTarget
from grader.collect.start.setting import Setting
from grader.collect.suites import suite
from grader.evidence import Offer, TestRun


class TestsBeside:
    """The suite of one submission: it has its own stand-ins, or none."""

    __test__ = False  # pytest takes it for a class of tests by its name

    def __init__(self, setting: Setting, target: AppTarget | None) -> None:
        root = setting.submission.root
        self._setting = setting
        self._folders = target.pythonpath if target else (root / "src", root)
        self._target = target.target if target else None
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._future: Future[TestRun] | None = None
        self._run: Callable[[], TestRun] | None = None

    def start(self, offers: Sequence[Offer] = ()) -> None:
        """Begin; once is enough."""
        if self._future is None and self._setting.wants("tests."):
            submission, sandbox = self._setting.submission, self._setting.sandbox
            self._run = partial(
                suite.run,
                submission,
                sandbox,
                self._folders,
                offers,
                self._target,
                opens=self._setting.open_sandbox,
            )
            self._future = self._pool.submit(self._run)

    def result(self) -> TestRun:
        """What the run showed, waited for."""
        self.start()
        return self._future.result() if self._future else TestRun(failure="The tests were not asked for.")

    def settled(self, peace: Callable[[], AbstractContextManager[None]] = nullcontext) -> TestRun:
        """What the run showed, or another one without anything beside it: see `suite.in_peace`.

        `peace`: keeps what else runs from running meanwhile.
        """
        beside = self._future is not None
        first = self.result()
        run = self._run
        if not beside or run is None:
            return first

        def again() -> TestRun:
            with peace():
                return run()

        return suite.in_peace(first, again)

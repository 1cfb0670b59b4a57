"""Runs tests where nothing of an earlier run is left, and neither is the app, which runs while its suite does and could be asked.

A process that is forked from a suite's holds what the suite opened when it was collected: a server, a pipe, memory. The network
and the files around it hold what anybody put there: the app that serves beside it could remember for the suite. In another
sandbox there is none of that: no process, no port and no file but the submission's.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Literal, Protocol, Self

from grader.collect.suites.deciding import Decider
from grader.collect.suites.desk import Desk
from grader.sandbox import Job, Order, Sandbox

Opens = Callable[[], AbstractContextManager[Sandbox]]
Begins = Literal["whole", "named", "spare"]  # see `grader.inside.planting.Planter`
Orders = Callable[[Sandbox, Begins], Order]


class Runs(Protocol):
    """Has tests run where nothing has run before."""

    def run(self, tests: Sequence[str], decider: Decider, seconds: float) -> bool:
        """Whether the tests pass, in time, by the exit code of their process.

        Raises:
            GraderError: a sandbox can't be had.
            HungUpError: the process that starts such processes is not there.
        """


class FreshRuns:
    """Has tests run, each time in a new sandbox: where something may outlive a process.

    Args:
        opens: starts one, with the submission's files in it.
        order: how the suite is started in it.
        modules: what is loaded in it beforehand.
    """

    def __init__(self, opens: Opens, order: Orders, modules: Sequence[str]) -> None:
        self._opens, self._order, self._modules = opens, order, modules

    def run(self, tests: Sequence[str], decider: Decider, seconds: float) -> bool:
        """See `Runs`."""
        with self._opens() as sandbox:
            sandbox.preload(self._modules)
            with Desk(decider) as desk, sandbox.start(self._order(sandbox, "named"), [desk.far]) as job:
                deadline = time.monotonic() + seconds
                if not desk.give_order(tests, lambda: job.exit_code is None, deadline):
                    return False
                return desk.hear_end(lambda: job.exit_code, deadline) == 0


class SpareRuns:
    """Has tests run, each time in a new process of one further sandbox, which is started when it is first needed.

    Leaving the context ends that sandbox. The arguments are those of `FreshRuns`.
    """

    def __init__(self, opens: Opens, order: Orders, modules: Sequence[str]) -> None:
        self._opens, self._order, self._modules = opens, order, modules
        self._open = ExitStack()
        self._desk: Desk | None = None
        self._job: Job | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._desk is not None and self._job is not None:
            self._desk.hang_up()
            if self._job.wait(_END_SECONDS) is None:
                self._job.kill()
        self._open.close()

    def run(self, tests: Sequence[str], decider: Decider, seconds: float) -> bool:
        """See `Runs`."""
        if self._desk is None:
            self._desk = self._begin(decider)
        return self._desk.run(list(tests), decider, seconds, alone=True)

    def _begin(self, decider: Decider) -> Desk:
        sandbox = self._open.enter_context(self._opens())
        sandbox.preload(self._modules)
        desk = self._open.enter_context(Desk(decider))
        self._job = self._open.enter_context(sandbox.start(self._order(sandbox, "spare"), [desk.far]))
        return desk


_END_SECONDS = 5.0  # for the process that starts the others, once nobody is there to give it orders

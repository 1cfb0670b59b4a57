"""Runs tests where nothing of an earlier run is left: each run has a sandbox of its own, in which nothing has run before.

A process that is forked from a suite's holds what the suite opened when it was collected: a server, a pipe, memory. So do the
network and the files around it. In a sandbox of its own there is none of that: no process, no port and no file but the
submission's.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from grader.collect.suites.deciding import Decider
from grader.collect.suites.desk import Desk
from grader.sandbox import Order, Sandbox

Opens = Callable[[], AbstractContextManager[Sandbox]]


class FreshRuns:
    """Has tests run, each time in a new sandbox.

    Args:
        opens: starts one, with the submission's files in it.
        order: how the suite is started in it.
        modules: what is loaded in it beforehand.
    """

    def __init__(self, opens: Opens, order: Callable[[Sandbox], Order], modules: Sequence[str]) -> None:
        self._opens, self._order, self._modules = opens, order, modules

    def run(self, tests: Sequence[str], decider: Decider, seconds: float) -> bool:
        """Whether the tests pass, in time, by the exit code of their process.

        Raises:
            GraderError: a sandbox can't be had.
        """
        with self._opens() as sandbox:
            sandbox.preload(self._modules)
            with Desk(decider) as desk, sandbox.start(self._order(sandbox), [desk.far]) as job:
                deadline = time.monotonic() + seconds
                if not desk.give_order(tests, lambda: job.exit_code is None, deadline):
                    return False
                return desk.hear_end(lambda: job.exit_code, deadline) == 0

"""A sandbox of bubblewrap's whose program only holds it open, and the agent that enters it out of a nursery."""

import contextlib
import json
import os
import select
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.errors import GraderError
from grader.sandbox.nursery import Nursery

_START_SECONDS = 30.0
_MOST = 4_096  # bytes that bubblewrap says of the program, and the agent's process of its end
_PROGRAM = "import os; os.write(1, b'.'); os.read(0, 1)"


class Held:
    """The pipes to both. Close it when the sandbox is to end."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self._process = 0
        self.stdin, self._release = os.pipe()
        self._info, self.stdout = os.pipe()
        self._reported, self._reports = os.pipe()
        self._open = {self.stdin, self._release, self._info, self.stdout, self._reported, self._reports}

    def command(self, python: Path) -> list[str]:
        """The program, whose standard input and output are `stdin` and `stdout`; bubblewrap tells on `stdout`, too."""
        return [str(python), "-I", "-S", "-c", _PROGRAM]

    def enter(
        self,
        control: int,
        printed: int,
        environment: Mapping[str, str],
        joins: Sequence[Path],
        user: int | None,
    ) -> None:
        """Once the program runs, have an agent enter.

        Raises:
            GraderError: it does not run, or nothing can be forked.
        """
        self._close(self.stdin, self.stdout)
        order = {
            "holder": self._number(),
            "joins": [str(file) for file in joins],
            "user": user,
            "environment": dict(environment),
        }
        self._process = self._nursery.fork(order, [control, self._reports, printed])
        self._close(self._reports)

    def _number(self) -> int:
        """Which process the program is, seen from here."""
        info, deadline = b"", time.monotonic() + _START_SECONDS
        while not info.endswith(b"."):
            left = max(0.0, deadline - time.monotonic())
            part = os.read(self._info, _MOST) if select.select([self._info], [], [], left)[0] else b""
            info += part
            if not part or len(info) > _MOST:
                raise GraderError("bubblewrap did not start what holds its sandbox open.")
        return int(json.loads(info[:-1])["child-pid"])

    def agent_ended(self, seconds: float) -> float:
        """Wait for the agent to end, and end it if it takes longer; the processor seconds of all that ran in it."""
        report = b""
        if self._process:
            if not select.select([self._reported], [], [], seconds)[0]:
                # nobody else has its number as long as the other end of the pipe is open
                self._nursery.end(self._process)
            report = os.read(self._reported, _MOST)
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return float(json.loads(report)["cpu"])
        return 0.0

    def close(self) -> None:
        """Let the program end; everything else in the sandbox has ended."""
        self._close(*self._open)

    def _close(self, *files: int) -> None:
        for file in files:
            if file in self._open:
                self._open.discard(file)
                os.close(file)

"""A process that has loaded packages, from which agents are forked into fresh sandboxes: loading is paid for once.

It stays outside the wall and never sees anything of a submission: it is given names of modules, and numbers. See
`grader.inside.entering` for how a fork gets behind the wall.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from grader.errors import GraderError
from grader.inside import wire

_AGENT = Path(wire.__file__).with_name("agent.py")
_LOAD_SECONDS = 120.0
_END_SECONDS = 15.0


class Nursery:
    """Loads modules in the lab's interpreter. Leaving the context ends it, and the agents that it has forked.

    Args:
        modules: what to load; what can't be loaded is left out.
        environment: what it runs with, the same as the agents.
    """

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        self._modules, self._environment = list(modules), dict(environment)
        self._asking = threading.Lock()
        self._is_loaded = False
        self.works = True  # False once it is known that nothing can enter a sandbox from here

    def __enter__(self) -> Self:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._control.settimeout(_LOAD_SECONDS)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-s", str(_AGENT), str(theirs.fileno())],
                env=self._environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[theirs.fileno()],
            )
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._control.close()

    def fork(self, order: Mapping[str, Any], files: Sequence[int]) -> int:
        """Have a process enter a sandbox; returns its number. See `grader.inside.entering` for the order and the files.

        Raises:
            GraderError: the nursery is gone.
        """
        with self._asking:
            try:
                if not self._is_loaded:
                    wire.send(self._control, {"tier": "nursery"})
                    wire.send(self._control, {"load": self._modules})
                    wire.receive(self._control)
                    self._is_loaded = True
                wire.send(self._control, dict(order), files)
                return int(wire.receive(self._control)[0]["process"])
            except (wire.WireError, KeyError, ValueError) as error:
                self.works = False
                raise GraderError(f"The process that loads packages once is gone: {error}") from error

    def end(self, process: int) -> None:
        """Kill a process that it forked, and with it all that runs in its sandbox; only one that is known to be alive."""
        with contextlib.suppress(OSError):
            os.kill(process, 9)

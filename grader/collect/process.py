"""Child processes that run learners' code: an environment of their own, a log, a time limit, a group that is killed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.evidence import MAX_TEXT, capped

_CHILD = Path(__file__).with_name("child.py")
_GRACE = 2.0  # seconds between asking a process to end and ending it

LIMITS = {"file_megabytes": 256, "memory_megabytes": 8192, "cpu_seconds": 300}


@dataclass(frozen=True)
class Order:
    """What a child does: "serve" an application, run "pytest" or a "notebook"."""

    do: str
    name: str
    pythonpath: tuple[Path, ...]
    cwd: Path
    environment: Mapping[str, str]
    facts: Mapping[str, Any]
    python: Path = Path(sys.executable)


def base_environment(home: Path) -> dict[str, str]:
    """What any program needs, and nothing of the grader's own environment: no key can leak from there."""
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if os.name == "nt":
        environment["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")
    return environment


def _with_programs_of(python: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, with that Python's own programs found first."""
    path = os.pathsep.join([str(python.parent), environment.get("PATH", "")])
    return {**environment, "PATH": path}


class Child:
    """One running child. Leaving the context kills it and everything it started."""

    def __init__(self, order: Order, pass_fds: Iterable[int] = ()) -> None:
        self._log = tempfile.NamedTemporaryFile(prefix="log-", delete=False)  # noqa: SIM115 - closed in __exit__
        whole = {
            "do": order.do,
            "name": order.name,
            "pythonpath": [str(path) for path in order.pythonpath],
            "limits": LIMITS,
            **order.facts,
        }
        self._process = subprocess.Popen(  # noqa: S603 - our own script, whose order is data
            [str(order.python), "-s", str(_CHILD), json.dumps(whole)],
            cwd=order.cwd,
            env=_with_programs_of(order.python, order.environment),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> int | None:
        """The exit code, or None if it runs longer than that."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def log(self) -> str:
        """What it printed, capped."""
        with Path(self._log.name).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 4 * MAX_TEXT))
            return capped(file.read().decode("utf-8", "replace"))

    def kill(self) -> None:
        """End it and its whole process group, politely first."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
            except (ProcessLookupError, PermissionError):
                break
            deadline = time.monotonic() + _GRACE
            while time.monotonic() < deadline and self._process.poll() is None:
                time.sleep(0.01)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._log.close()
        Path(self._log.name).unlink(missing_ok=True)

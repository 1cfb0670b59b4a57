"""A sandbox as the process that starts it sees it: what is shown inside, what it may take, and how it ends.

The holder of the control socket controls what runs inside (see `sandbox`). That is the same process, or a worker in a
sandbox of its own to which the socket is handed over.
"""

import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.errors import GraderError
from grader.inside import policy, wire
from grader.inside.policy import Ceilings, Purpose
from grader.sandbox import bubblewrap, cgroups, tiers, visible
from grader.sandbox.bubblewrap import Launch
from grader.sandbox.held import Held
from grader.sandbox.nursery import Nursery
from grader.sandbox.tiers import Tier

_AGENT = Path(wire.__file__).with_name("agent.py")
_START_SECONDS = 30.0
_END_SECONDS = 15.0
_POLL = 0.005


@dataclass(frozen=True)
class Places:
    """What the holder of the control socket has to know: the tier, the interpreter, and the folders of the inside."""

    tier: Tier
    python: str
    root: str
    home: str
    temporary: str

    def facts(self) -> dict[str, str]:
        """As JSON."""
        return asdict(self)


class Enclosure:
    """A started sandbox. Leaving the context ends everything in it and removes what it wrote.

    Args:
        tier: how strong the wall is.
        python: the interpreter of what runs inside.
        ceilings: how much it may take of the machine.
        purpose: what is shown inside. A "submission" sees the system's programs and its interpreter; a "worker" sees
            the grader's own code too; a "fetch" has the network of this machine, and runs git alone.
        shows: further paths to show, read-only: path here → path inside.
        reads: folders to show as well, read-only, at the same place; every user may read them.
        nursery: a process from which the agent is forked, with what that has loaded. Behind bubblewrap alone; elsewhere, and
            where the system does not allow it, the agent is started like any other program.

    Raises:
        GraderError: it can't be made.
    """

    def __init__(
        self,
        tier: Tier,
        python: Path = Path(sys.executable),
        ceilings: Ceilings | None = None,
        purpose: Purpose = "submission",
        shows: dict[str, str] | None = None,
        reads: Sequence[Path] = (),
        nursery: Nursery | None = None,
    ) -> None:
        self._nursery = nursery if tier == "bubblewrap" else None
        self._held: Held | None = None
        self.tier, self.python, self.purpose = tier, python, purpose
        self._ceilings = ceilings or Ceilings()
        self._shows, self._reads = shows or {}, tuple(reads)
        self.cpu_seconds = 0.0  # of all that ran in it, once it is closed
        self._base: Path | None = None
        self._root, self._home, self._temporary = policy.WORK, policy.HOME, policy.TEMPORARY

    @property
    def places(self) -> Places:
        """The folders of the inside."""
        return Places(self.tier, str(self.python), self._root, self._home, self._temporary)

    def __enter__(self) -> Self:
        if self._nursery is not None and self._nursery.works:
            try:
                return self._started()
            except GraderError:
                self._nursery.works = False
        self._nursery = None
        return self._started()

    def _started(self) -> Self:
        with contextlib.ExitStack() as undo:  # of what was made, should the rest fail
            self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            undo.callback(self.control.close)
            undo.callback(theirs.close)
            self._group = cgroups.make_group(self._ceilings) if self.tier != "process" else None
            if self._group is not None:
                undo.callback(self._group.remove)
            self._trouble = undo.enter_context(tempfile.TemporaryFile())
            if self._nursery is not None:
                self._held = Held(self._nursery)
                undo.callback(self._held.close)
            launch = self._launch(theirs.fileno())
            self._clean = launch.clean
            undo.callback(self._clean)
            self.process = subprocess.Popen(  # noqa: S603 - our own words
                launch.command,
                env={},
                stdin=self._held.stdin if self._held else subprocess.DEVNULL,
                stdout=self._held.stdout if self._held else self._trouble,
                stderr=self._trouble,
                start_new_session=True,
                pass_fds=[self._held.stdout if self._held else theirs.fileno(), *launch.files],
            )
            undo.pop_all()
        try:
            with theirs:
                if self._held:
                    joins = self._group.joins if self._group else []
                    printed = self._trouble.fileno()
                    named = environment(self.places)
                    self._held.enter(theirs.fileno(), printed, named, joins, launch.user)
            self._greet()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def is_left(self) -> bool:
        """Whether the holder of the control socket has closed it, so that nothing runs inside any more."""
        poll = select.poll()
        poll.register(self.control, select.POLLHUP)
        return bool(poll.poll(0))

    def close(self) -> None:
        """End everything inside, and leave nothing behind."""
        # the agent ends what it started, then itself; what keeps it from that is killed with it
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)
        inside = 0.0
        if self._held:
            inside = self._held.agent_ended(_END_SECONDS)
            self._held.close()
            self._held = None
        if not self._ended(_END_SECONDS):
            self.process.kill()
            self._ended(_END_SECONDS)
        self.cpu_seconds += inside
        self.control.close()
        self._trouble.close()
        if self._group:
            self._group.remove()
        self._clean()
        if self._base:
            shutil.rmtree(self._base, ignore_errors=True)

    def _ended(self, seconds: float) -> bool:
        """Wait until its first process is gone, and note the processor time of all that ran in it."""
        deadline = time.monotonic() + seconds
        while self.process.returncode is None:
            try:
                process, status, used = os.wait4(self.process.pid, os.WNOHANG)
            except ChildProcessError:
                self.process.returncode = 0
                break
            if process:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_seconds = used.ru_utime + used.ru_stime
            elif time.monotonic() > deadline:
                return False
            else:
                time.sleep(_POLL)
        return True

    def _launch(self, control: int) -> Launch:
        command = [str(self.python), "-s", str(_AGENT), str(control)]
        if self._held:
            command = self._held.command(self.python)
        joins = self._group.joins if self._group else []
        if self.tier == "bubblewrap":
            program = tiers.bubblewrap().program
            if program is None:
                raise GraderError("bubblewrap can't be used here.")
            return bubblewrap.launch(
                program,
                [*visible.paths(self.python, self.purpose), *self._reads],
                command,
                environment(self.places),
                self._ceilings,
                joins,
                shares_network=self.purpose == "fetch",
                shows=self._shows,
                tells=self._held.stdout if self._held else None,
            )
        return self._launch_here(command, joins)

    def _launch_here(self, command: list[str], joins: Sequence[Path]) -> Launch:
        """Without namespaces: in a folder of its own, and, by root, as a user of its own if that one can read Python."""
        self._base = Path(tempfile.mkdtemp(prefix="lab-sandbox-")).resolve()
        own = self.tier == "landlock" and self.purpose != "fetch" and _everyone_may_read(self.python)
        user = bubblewrap.own_user() if own else None
        for name in ("submission", "home", "tmp"):
            (self._base / name).mkdir(mode=0o700)
            if user is not None:
                os.chown(self._base / name, user, user)
        self._base.chmod(0o711)
        self._root, self._home, self._temporary = (
            str(self._base / name) for name in ("submission", "home", "tmp")
        )
        named = environment(self.places)
        if self.tier == "process" or os.geteuid() != 0:
            return Launch(
                ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in named.items()), *command]
            )
        return Launch(
            bubblewrap.launcher(command, joins=joins, user=user, gives_up=user is None, environment=named)
        )

    def _greet(self) -> None:
        """Give the agent its limits, and hear that it is there."""
        self.control.settimeout(_START_SECONDS)
        limits = self._ceilings.of_a_process(
            memory_is_counted=self._group is not None,
            other_processes=0 if self.tier == "bubblewrap" else _processes_of_this_user(),
        )
        setup: dict[str, Any] = {
            "tier": self.tier,
            "limits": limits,
            "readable": [
                *map(str, [*visible.paths(self.python, self.purpose), *self._reads]),
                *policy.LANDLOCK_PATHS,
                *self._shows,
            ],
            # Python looks for packages by listing the folder that holds them
            "listable": [str(visible.PACKAGES)],
            "writable": [self._root, self._home, self._temporary, *policy.LANDLOCK_DEVICES],
            "ports": list(policy.FETCH_PORTS) if self.purpose == "fetch" else [],
            "all_sockets": self.tier == "bubblewrap" or self.purpose == "fetch",
        }
        try:
            wire.send(self.control, setup)
            wire.receive(self.control)
        except wire.WireError as error:
            self._trouble.seek(0)
            printed = self._trouble.read()[-2000:].decode("utf-8", "replace").strip()
            raise GraderError(f"The sandbox ({self.tier}) did not start: {printed or error}") from error
        self.control.settimeout(None)


def environment(places: Places) -> dict[str, str]:
    """What any program needs, and nothing of the grader's own environment: no key can leak from there."""
    return {
        "PATH": os.pathsep.join([str(Path(places.python).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": places.home,
        "TMPDIR": places.temporary,
        "USER": "learner",
        "LOGNAME": "learner",
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _everyone_may_read(python: Path) -> bool:
    """Whether another user can get at an interpreter and its libraries."""
    folders = [folder for root in visible.of_python(python) for folder in (root, *root.parents)]
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in folders)


def _processes_of_this_user() -> int:
    """How many processes and threads the user has already, which its ceiling counts too."""
    count, me = 0, os.geteuid()
    for folder in Path("/proc").glob("[0-9]*") if Path("/proc").is_dir() else ():
        try:
            if folder.stat().st_uid == me:
                count += len(list((folder / "task").iterdir()))
        except OSError:
            continue
    return count

"""One sandbox a submission: an agent behind the wall, and what the grader asks of it.

The wall is the tier's (see `tiers`). Sockets are made inside and handed out: the stand-ins listen on them, and the
grader's own requests go through them, without a route between the two sides.
"""

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from grader.errors import GraderError
from grader.evidence import MAX_TEXT, capped
from grader.inside import wire
from grader.sandbox import bubblewrap, cgroups, tiers, visible
from grader.sandbox.bubblewrap import Launch
from grader.sandbox.ceilings import Ceilings
from grader.sandbox.tiers import Tier

_AGENT = Path(wire.__file__).with_name("agent.py")
_START_SECONDS = 30.0
_ANSWER_SECONDS = 60.0
_END_SECONDS = 15.0
_LAST_WORDS = 0.3  # seconds to wait for output of a job that has ended
_SPARE_SOCKETS = 16
# for Landlock, where what is there but can't be read is another thing than what is not there
_READABLE = (
    *(
        f"/etc/{name}"
        for name in ("hosts", "passwd", "group", "nsswitch.conf", "host.conf", "resolv.conf", "gai.conf")
    ),
    *(
        f"/etc/{name}"
        for name in ("services", "protocols", "localtime", "timezone", "os-release", "mime.types")
    ),
    *(f"/etc/{name}" for name in ("ssl", "pki", "ca-certificates", "fonts")),
    "/proc",
    "/sys/devices/system/cpu",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")


@dataclass(frozen=True)
class Order:
    """What a job does: "serve" an application, run "pytest" or a "notebook", "unpack" an archive, "run" a program.

    Paths are those of the inside: see `Sandbox.inside`.
    """

    do: Literal["serve", "pytest", "notebook", "unpack", "run"]
    name: str
    cwd: str
    environment: Mapping[str, str]
    pythonpath: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class _Listener(threading.Thread):
    """Reads what a job writes until nobody can write any more, and keeps the first or the last of it.

    Never stops reading: a full pipe would stall the job.
    """

    def __init__(self, file: int, most: int, keep: Literal["first", "last"]) -> None:
        super().__init__(daemon=True)
        self._file, self._most, self._keep = file, most, keep
        self._kept = bytearray()
        self.total = 0
        self.start()

    def run(self) -> None:
        """Read."""
        with open(self._file, "rb", buffering=0) as source:
            while part := source.read(1 << 16):
                self.total += len(part)
                if self._keep == "last":
                    self._kept += part
                    del self._kept[: max(0, len(self._kept) - self._most)]
                elif len(self._kept) < self._most:
                    self._kept += part[: self._most - len(self._kept)]

    def settle(self) -> None:
        """Wait until all is read; a process that got away may hold the other end for ever, and is not waited for."""
        before = -1
        while self.is_alive() and self.total != before:
            before = self.total
            self.join(_LAST_WORDS)

    @property
    def content(self) -> bytes:
        """What is kept so far."""
        return bytes(self._kept)

    @property
    def whole(self) -> bytes | None:
        """All of it, if it was not more than is kept."""
        return bytes(self._kept) if self.total <= self._most else None


class Job:
    """Something that runs in a sandbox. Leaving the context kills it and its process group."""

    def __init__(self, sandbox: "Sandbox", number: int, log: _Listener, said: _Listener | None) -> None:
        self._sandbox, self._number = sandbox, number
        self._log, self._said = log, said
        self.ended: Future[int] = Future()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative if a signal ended it."""
        return self.ended.result() if self.ended.done() else None

    def wait(self, seconds: float) -> int | None:
        """The exit code, or None if it runs longer than that."""
        try:
            return self.ended.result(seconds)
        except FutureTimeout:
            return None

    def log(self) -> str:
        """What it printed, capped; the end of it if it was much."""
        if self.ended.done():
            self._log.settle()
        return capped(self._log.content.decode("utf-8", "replace"))

    def said(self) -> bytes | None:
        """What it wrote into the first file of its order; None if that was too much."""
        return self._heard().whole

    def said_first(self) -> bytes:
        """As much of it as is kept."""
        return self._heard().content

    def _heard(self) -> _Listener:
        if self._said is None:
            raise GraderError("A job that was given no file to write to can't have said anything.")
        self._said.settle()
        return self._said

    def kill(self) -> None:
        """End it."""
        if not self.ended.done():
            with contextlib.suppress(GraderError):
                self._sandbox.ask("end", job=self._number)
            self.wait(_END_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


class Sandbox:
    """A place for one submission. Leaving the context ends everything in it.

    Args:
        tier: how strong the wall is.
        python: the interpreter for whatever runs inside.
        work: the submission's own files on this side, if it is to have any.
        cold: start every job in a fresh interpreter, rather than forking a loaded one.

    Raises:
        GraderError: it can't be made.
    """

    def __init__(
        self,
        tier: Tier,
        python: Path = Path(sys.executable),
        work: Path | None = None,
        *,
        cold: bool = False,
        ceilings: Ceilings | None = None,
    ) -> None:
        self.tier = tier
        self.python = python
        self._cold = cold
        self._work = work
        self._ceilings = ceilings or Ceilings()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[tuple[dict[str, Any], list[int]]]] = {}
        self._jobs: dict[int, Job] = {}
        self._sending, self._taking = threading.Lock(), threading.Lock()
        self._socket_lock = threading.Lock()
        self._spare: list[socket.socket] = []
        self._base: Path | None = None
        self.root, self.home, self.temporary = (
            bubblewrap.WORK,
            bubblewrap.HOME,
            bubblewrap.TEMPORARY,
        )

    # --- the two ends -----------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:  # of what was made, should the rest fail
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            undo.callback(self._control.close)
            undo.callback(theirs.close)
            self._group = cgroups.made(self._ceilings) if self.tier != "process" else None
            if self._group is not None:
                undo.callback(self._group.remove)
            self._trouble = undo.enter_context(tempfile.TemporaryFile())
            launch = self._launch(theirs.fileno())
            self._clean = launch.clean
            undo.callback(self._clean)
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                launch.command,
                env={},
                stdin=subprocess.DEVNULL,
                stdout=self._trouble,
                stderr=self._trouble,
                start_new_session=True,
                pass_fds=[theirs.fileno(), *launch.files],
            )
            undo.pop_all()
        theirs.close()
        self._reader = threading.Thread(target=self._read, daemon=True)
        try:
            self._greet()
            self._reader.start()
            if self._work is not None:
                self._bring(self._work)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything inside, and leave nothing behind."""
        # the agent ends what it started, then itself; whoever keeps it from that is killed with it
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reader.is_alive():
            self._reader.join(_END_SECONDS)
        self._control.close()
        self._trouble.close()
        for each in self._spare:
            each.close()
        if self._group:
            self._group.remove()
        self._clean()
        if self._base:
            shutil.rmtree(self._base, ignore_errors=True)

    def _launch(self, control: int) -> Launch:
        command = [str(self.python), "-s", str(_AGENT), str(control)]
        joins = self._group.joins if self._group else []
        if self.tier == "bubblewrap":
            program = tiers.bubblewrap().program
            if program is None:
                raise GraderError("bubblewrap can't be used here.")
            environment = self.environment()
            return bubblewrap.launch(program, self.python, command, environment, self._ceilings, joins)
        return self._launch_here(command, joins)

    def _launch_here(self, command: list[str], joins: Sequence[Path]) -> Launch:
        """Without namespaces: in a folder of its own, and, by root, as a user of its own if that one can read Python."""
        self._base = Path(tempfile.mkdtemp(prefix="lab-sandbox-")).resolve()
        user = bubblewrap.own_user() if self.tier == "landlock" and _everyone_may_read(self.python) else None
        for name in ("submission", "home", "tmp"):
            (self._base / name).mkdir(mode=0o700)
            if user is not None:
                os.chown(self._base / name, user, user)
        self._base.chmod(0o711)
        self.root, self.home, self.temporary = (
            str(self._base / name) for name in ("submission", "home", "tmp")
        )
        environment = self.environment()
        if self.tier == "process" or os.geteuid() != 0:
            command = [
                "/usr/bin/env",
                "-i",
                *(f"{name}={value}" for name, value in environment.items()),
                *command,
            ]
            return Launch(command)
        return Launch(
            bubblewrap.launcher(
                command, joins=joins, user=user, gives_up=user is None, environment=environment
            )
        )

    def _greet(self) -> None:
        """Tell the agent who it is, and hear that it is there."""
        self._control.settimeout(_START_SECONDS)
        limits = self._ceilings.of_a_process(
            memory_is_counted=self._group is not None,
            other_processes=0 if self.tier == "bubblewrap" else _processes_of_this_user(),
        )
        setup = {
            "tier": self.tier,
            "limits": limits,
            "readable": [*map(str, visible.to_submission(self.python)), *_READABLE],
            # Python looks for packages by listing the folder that holds them
            "listable": [str(visible.PACKAGES)],
            "writable": [self.root, self.home, self.temporary, *_DEVICES],
        }
        try:
            wire.send(self._control, setup)
            wire.receive(self._control)
        except wire.WireError as error:
            self._trouble.seek(0)
            said = self._trouble.read()[-2000:].decode("utf-8", "replace").strip()
            raise GraderError(f"The sandbox ({self.tier}) did not start: {said or error}") from error
        self._control.settimeout(None)

    def _read(self) -> None:
        """Hand each message of the agent's to whoever waits for it."""
        while True:
            try:
                message, files = wire.receive(self._control)
            except wire.WireError:
                break
            if "ended" in message:
                job = self._jobs.get(message["ended"])
                if job and not job.ended.done():
                    job.ended.set_result(int(message["code"]))
            else:
                with self._taking:
                    waiting = self._waiting.pop(message["to"], None)
                if waiting:
                    waiting.set_result((message, files))
        with self._taking:
            waiting_still, self._waiting = list(self._waiting.values()), {}
        for each in waiting_still:
            each.set_exception(GraderError("The sandbox died while the submission was graded."))
        for job in list(self._jobs.values()):
            if not job.ended.done():
                job.ended.set_result(-9)

    def ask(
        self, what: str, files: Sequence[int] = (), within: float = _ANSWER_SECONDS, **facts: Any
    ) -> list[int]:
        """Let the agent do something; returns the files that it hands out.

        Raises:
            GraderError: it can't, or it is not there any more.
        """
        number = next(self._numbers)
        waiting: Future[tuple[dict[str, Any], list[int]]] = Future()
        with self._taking:
            self._waiting[number] = waiting
        try:
            with self._sending:
                wire.send(self._control, {"id": number, "ask": what, **facts}, files)
            answer, handed = waiting.result(within)
        except (wire.WireError, FutureTimeout) as error:
            raise GraderError("The sandbox died while the submission was graded.") from error
        if answer.get("trouble"):
            raise GraderError(f"The sandbox could not {what}: {answer['trouble']}")
        return handed

    # --- files ------------------------------------------------------------------------------------------------

    def inside(self, path: Path) -> str:
        """Where a path of the submission is on the inside; any other path stays what it is."""
        if self._work is not None and path.is_relative_to(self._work):
            return os.path.join(self.root, path.relative_to(self._work).as_posix()).rstrip("/.")
        return str(path)

    def _bring(self, work: Path) -> None:
        files = [(path.relative_to(work).as_posix(), path) for path in sorted(work.rglob("*"))]
        self.bring(
            ((name, path) for name, path in files if path.is_file() and not path.is_symlink()), self.root
        )

    def bring(self, files: Iterable[tuple[str, Path]], root: str) -> None:
        """Copy files to a folder inside: the name each is to have there, and where it is here."""
        coming, going = os.pipe()
        failed: list[OSError] = []

        def write() -> None:
            try:
                with open(going, "wb") as stream:
                    for name, path in files:
                        wire.write_file(stream, name, path.read_bytes())
                    wire.end_files(stream)
            except OSError as error:
                failed.append(error)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        try:
            self.ask("receive", [coming], root=root, most_files=100_000, most_bytes=1 << 30)
        finally:
            os.close(coming)
        writer.join(_ANSWER_SECONDS)
        if failed:
            raise GraderError(f"The submission's files could not be brought in: {failed[0]}") from failed[0]

    # --- sockets ----------------------------------------------------------------------------------------------

    def listener(self) -> socket.socket:
        """A socket that listens on the inside's loopback, on a port of its own."""
        return socket.socket(fileno=self.ask("listen")[0])

    def socket(self) -> socket.socket:
        """A TCP socket that reaches the inside's loopback when it is connected."""
        with self._socket_lock:
            if not self._spare:
                self._spare = [
                    socket.socket(fileno=file) for file in self.ask("sockets", count=_SPARE_SOCKETS)
                ]
            return self._spare.pop()

    # --- jobs -------------------------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """What any program needs, and nothing of the grader's own environment: no key can leak from there."""
        return {
            "PATH": os.pathsep.join([str(self.python.parent), "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": self.home,
            "TMPDIR": self.temporary,
            "USER": "learner",
            "LOGNAME": "learner",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def preload(self, modules: Sequence[str]) -> None:
        """Load modules once for every job; nothing is loaded in a cold sandbox."""
        if not self._cold:
            self.ask("preload", modules=list(modules))

    def start(self, order: Order, files: Sequence[int] = (), *, hears: int = 0) -> Job:
        """Start a job.

        Args:
            order: what it does.
            files: open files for it.
            hears: if not 0, it gets a first file to write to; `Job.said` is what it wrote, up to so many bytes.
        """
        number = next(self._numbers)
        printed, prints = os.pipe()
        theirs = [prints]
        said = None
        if hears:
            heard, speaking = os.pipe()
            said = _Listener(heard, hears, "first")
            theirs.append(speaking)
        job = self._jobs[number] = Job(self, number, _Listener(printed, 4 * MAX_TEXT, "last"), said)
        try:
            self.ask(
                "start",
                [*theirs, *files],
                job=number,
                cold=self._cold,
                cwd=order.cwd,
                environment=dict(order.environment),
                pythonpath=list(order.pythonpath),
                **{"name": order.name, "do": order.do, **order.facts},
            )
        finally:
            for file in theirs:
                os.close(file)
        return job


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

"""The grader's agent in a sandbox (`python agent.py FD`): makes sockets, starts a learner's code, reports how it ended.

Everything that it starts is a child of it, forked from this process as it is: what was loaded once (`preload`) is
loaded for all of them. It does what comes over the socket FD and ends with it; in a process namespace of its own,
where it is the first process, everything else ends then, too.
"""

import contextlib
import ctypes
import functools
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_REPOSITORY = os.path.dirname(os.path.dirname(_HERE))

sys.path.remove(_HERE)  # nothing here is a learner's module
sys.path.insert(0, _REPOSITORY)
from grader.inside import (  # noqa: E402 - the path comes first
    commands,
    entering,
    landlock,
    limits,
    processor_time,
    seccomp,
    wire,
    work,
)

sys.path.remove(_REPOSITORY)

_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36
_END_SECONDS = 10.0

# compiles grammars for seconds, in every process that imports nbformat; without it jsonschema leaves one check out
_SLOW = "rfc3987_syntax"

Job = Callable[[], None]


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


class Agent:
    """Serves one grader. `setup`: the tier, the ceilings, and what Landlock leaves open."""

    def __init__(self, control: socket.socket, setup: dict[str, Any]) -> None:
        self._control = control
        self._further: list[socket.socket] = []  # lines to other processes of the grader's
        self._setup = setup
        # process → who started it, and the number that it has there
        self._jobs: dict[int, tuple[socket.socket, int]] = {}
        self._woken, self._wakes = os.pipe()
        os.set_blocking(self._wakes, False)
        os.set_blocking(self._woken, False)

    def serve(self) -> Job | None:
        """Until the grader is gone: None. In a process that was started for a job: that job, to be done."""
        # with a handler of its own, the end of a child writes to the pipe
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                for line in (self._control, *self._further):
                    if line not in selector.get_map():
                        selector.register(line, selectors.EVENT_READ)
                ready = {key.fd for key, _ in selector.select()}
                if self._woken in ready:
                    os.read(self._woken, 4096)
                    self._tell_ended()
                for line in [each for each in (self._control, *self._further) if each.fileno() in ready]:
                    try:
                        message, files = wire.receive(line)
                        job = self._obey(line, *commands.decode(message), files)
                    except wire.WireError:
                        if line is self._control:
                            return None
                        selector.unregister(line)
                        self._hang_up(line)
                        continue
                    if job is not None:
                        return job

    def _hang_up(self, line: socket.socket) -> None:
        """A further line is closed: end what was started over it."""
        self._further.remove(line)
        for owner, number in list(self._jobs.values()):
            if owner is line:
                self._end(line, number)
        line.close()

    def _obey(
        self, line: socket.socket, number: int, command: commands.Command, files: list[int]
    ) -> Job | None:
        answer: dict[str, Any] = {"to": number}
        out: list[int] = []
        sockets: list[socket.socket] = []
        try:
            match command:
                case commands.MakeSockets():
                    sockets = [_tcp() for _ in range(command.count)]
                    out = [each.fileno() for each in sockets]
                case commands.Listen():
                    sockets = [_listening()]
                    out = [sockets[0].fileno()]
                case commands.OpenLine():
                    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
                    self._further.append(ours)
                    sockets, out = [theirs], [theirs.fileno()]
                case commands.Receive():
                    self._receive(command, files[0])
                case commands.Preload():
                    _preload(command.modules)
                case commands.Start():
                    process = os.fork()
                    if process == 0:
                        return lambda: self._become(command, files)
                    self._jobs[process] = (line, command.job)
                case commands.End():
                    self._end(line, command.job)
                case commands.MeasureWaiting():
                    answer["seconds"] = self._waited(line, command.job)
        except (OSError, wire.WireError) as error:
            answer["trouble"] = str(error)
        wire.send(line, answer, out)
        for each in sockets:
            each.close()
        for file in files:
            os.close(file)
        return None

    def _receive(self, command: commands.Receive, file: int) -> None:
        with open(os.dup(file), "rb") as source:
            for name, content in wire.read_files(source, command.most_files, command.most_bytes):
                wire.put_file(command.root, name, content)

    def _end(self, line: socket.socket, job: int) -> None:
        for process, started in self._jobs.items():
            if started == (line, job):
                try:
                    os.killpg(process, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    os.kill(process, signal.SIGKILL)

    def _waited(self, line: socket.socket, job: int) -> float:
        """How long a job was ready to run while other programs had the processors; 0 where the system does not say.

        What its own threads and children ran is taken off: a job that keeps the machine busy waits for itself.
        """
        for process, started in self._jobs.items():
            if started == (line, job):
                with contextlib.suppress(OSError, ValueError, IndexError):
                    ran, waited = processor_time.ran_and_waited(process)
                    return max(0.0, waited - max(0.0, processor_time.below(os.getpid()) - ran))
        return 0.0

    def _tell_ended(self) -> None:
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process == 0:
                return
            if process in self._jobs:
                line, number = self._jobs.pop(process)
                with contextlib.suppress(
                    wire.WireError
                ):  # that nobody is there any more shows when it is read
                    wire.send(line, {"ended": number, "code": os.waitstatus_to_exitcode(status)})

    def _become(self, command: commands.Start, files: list[int]) -> None:
        """In the child: give up what a learner's code must not have, then run it."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        lines = [each.detach() for each in (self._control, *self._further)]
        for mine in (*lines, self._woken, self._wakes):
            os.close(mine)
        ours = command.do in work.OURS
        if not ours:
            _prctl(_PR_SET_DUMPABLE, 1)
        _first_to_go()
        nothing = os.open(os.devnull, os.O_RDWR)
        for file, place in ((nothing, 0), (files[0], 1), (files[0], 2)):
            os.dup2(file, place)
        os.close(nothing)
        os.close(files[0])
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True, write_through=True)  # type: ignore[union-attr]
        os.environ.clear()
        os.environ.update(command.environment)
        os.chdir(command.cwd)
        limits.apply(self._setup["limits"])
        self._wall_in()
        whole = {**command.order(), "files": files[1:]}
        if command.cold:
            work.become(whole)
        for name in [] if ours else list(sys.modules):
            if name == "grader" or name.startswith("grader."):
                del sys.modules[name]  # a learner's package may have that name
        work.main(whole)

    def _wall_in(self) -> None:
        tier = self._setup["tier"]
        if tier == "landlock":
            paths: dict[str, list[str]] = self._setup
            ports = [*landlock.ephemeral(), *self._setup["ports"]]
            landlock.enter(paths["readable"], paths["writable"], paths["listable"], ports)
        if tier != "process":
            seccomp.enter(seccomp.program(network_namespace=self._setup["all_sockets"]))


def _first_to_go() -> None:
    """When memory is short, the learner's process is ended, not this one's parent."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")


def _tcp() -> socket.socket:
    # the protocol by name: asyncio sends without delay only on sockets that say that they are TCP
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)


def _listening() -> socket.socket:
    made = _tcp()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", 0))
    made.listen(128)
    return made


def _preload(modules: list[str]) -> None:
    """Load what the learner's code will; what can't be loaded is left to fail there, where it is seen."""
    sys.modules[_SLOW] = None  # type: ignore[assignment]
    gc.disable()  # what is loaded stays: looking through it again and again for garbage takes a fifth of the time
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    for package, warm in (("botocore", _warm_botocore), ("moto", _warm_moto)):
        if package in sys.modules:
            with contextlib.suppress(Exception):
                warm()
    gc.freeze()  # nor is it looked through, or copied for that, in what is forked from here
    gc.enable()


def _warm_botocore() -> None:
    """Keep botocore's descriptions of S3, which every new session would find and parse again, for half a second."""
    import botocore.session

    if hasattr(botocore.session.create_loader, "cache_info"):
        return
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    dummy = "for-loading-alone"
    botocore.session.Session().create_client(
        "s3", region_name="us-east-1", aws_access_key_id=dummy, aws_secret_access_key=dummy
    )


def _warm_moto() -> None:
    """The same for moto's reading of them."""
    from moto.core.utils import get_service_model

    get_service_model("s3")


def _parents() -> dict[int, int]:
    """Every process and its parent; nothing where there is no /proc."""
    found: dict[int, int] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    found[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
    return found


def end_descendants() -> None:
    """Kill whatever this process started, and what that started, however far it got away."""
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline:
        parents = _parents()
        mine = {os.getpid()}
        while more := {process for process, parent in parents.items() if parent in mine} - mine:
            mine |= more
        for process in mine - {os.getpid()}:
            try:
                os.kill(process, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def main() -> None:
    """Serve the grader behind the socket whose number is on the command line."""
    control = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(control.fileno(), False)
    # nobody who shares this user may read or change this process
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    sys.dont_write_bytecode = True
    setup, _ = wire.receive(control)
    if setup["tier"] == "nursery":
        entered = entering.keep(control, _preload)
        if entered is None:
            return
        control = entered
        _prctl(_PR_SET_DUMPABLE, 0)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        setup, _ = wire.receive(control)
    wire.send(control, {"ready": os.getpid()})
    job = Agent(control, setup).serve()
    if job is None:
        end_descendants()
    else:
        job()


if __name__ == "__main__":
    main()

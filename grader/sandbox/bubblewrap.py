"""The command line of bubblewrap: which namespaces, which files, what is writable."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.sandbox import visible
from grader.sandbox.ceilings import Ceilings

WORK, HOME, TEMPORARY = "/submission", "/home/learner", "/tmp"  # noqa: S108 - the sandbox's own
_USER = 1000
_NAMESPACES = (
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    "--as-pid-1",
    "--cap-drop",
    "ALL",
    "--uid",
    str(_USER),
    "--gid",
    str(_USER),
    "--hostname",
    "lab",
)
_FILES = {
    "/etc/passwd": f"learner:x:{_USER}:{_USER}::{HOME}:/bin/sh\n",
    "/etc/group": f"learner:x:{_USER}:\n",
    "/etc/hosts": "127.0.0.1 localhost lab\n::1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
_FIRST_USER, _USERS = 200_000, 60_000


@dataclass(frozen=True)
class Launch:
    """A program to start with an empty environment; `files` it must inherit, `clean` goes after it has ended."""

    command: list[str]
    files: list[int] = field(default_factory=list)
    clean: Callable[[], None] = lambda: None


def own_user() -> int | None:
    """A user that nothing else on this machine is, for a sandbox started by root; None if we are not root."""
    return _FIRST_USER + os.getpid() % _USERS if os.geteuid() == 0 else None


def launcher(
    command: Sequence[str],
    *,
    joins: Sequence[Path] = (),
    stage: str = "",
    shows: Mapping[str, str] | None = None,
    user: int | None = None,
    gives_up: bool = False,
    environment: Mapping[str, str] | None = None,
) -> list[str]:
    """The command that does what takes rights, then becomes `command`."""
    import json

    order = {
        "joins": [str(file) for file in joins],
        "stage": stage,
        "shows": dict(shows or {}),
        "user": user,
        "gives_up": gives_up,
        "command": list(command),
        "environment": dict(environment or {}),
    }
    program = Path(__file__).with_name("launcher.py")
    return [sys.executable, "-I", "-S", str(program), json.dumps(order)]


def launch(
    program: Path,
    python: Path,
    command: Sequence[str],
    environment: Mapping[str, str],
    ceilings: Ceilings,
    joins: Sequence[Path] = (),
) -> Launch:
    """A program behind bubblewrap's wall.

    Args:
        program: bwrap.
        python: the interpreter whose folders the submission may read.
        command: what to run inside, with its environment.
        joins: files of control groups to join first.
    """
    user = own_user()
    paths = visible.to_submission(python)
    stage = tempfile.mkdtemp(prefix="lab-stage-") if user is not None else ""
    shown = {str(number): str(path) for number, path in enumerate(paths) if not path.is_symlink()}
    sources = {path: os.path.join(stage, name) if stage else path for name, path in shown.items()}
    arguments = [*_NAMESPACES]
    files = []
    for name, content in _FILES.items():
        file = _file_of(content)
        files.append(file)
        arguments += ["--ro-bind-data", str(file), name]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    for name, megabytes in (
        (WORK, ceilings.work),
        (HOME, ceilings.home),
        (TEMPORARY, ceilings.temporary),
        ("/dev/shm", ceilings.shared_memory),  # noqa: S108
    ):
        arguments += ["--perms", "0700", "--size", str(megabytes * 1024 * 1024), "--tmpfs", name]
    # last, since what is shown may lie below what is writable: an environment in /tmp, say
    for path in paths:
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), str(path)]
        else:
            arguments += ["--ro-bind", sources[str(path)], str(path)]
    arguments += ["--remount-ro", "/dev", "--remount-ro", "/"]
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    whole = [str(program), *arguments, "--chdir", WORK, "--", *command]
    if user is not None or joins:
        whole = launcher(whole, joins=joins, stage=stage, shows=shown if stage else None, user=user)

    def clean() -> None:
        for file in files:
            os.close(file)
        if stage:
            shutil.rmtree(stage, ignore_errors=True)

    return Launch(whole, files, clean)


def trial(program: Path) -> Launch:
    """The smallest program behind the same wall."""
    return launch(program, Path(sys.executable), [sys.executable, "-S", "-c", ""], {}, Ceilings())


def _file_of(content: str) -> int:
    """An open file with that content, which has no name."""
    file = os.memfd_create("etc", 0)
    os.write(file, content.encode())
    os.lseek(file, 0, os.SEEK_SET)
    return file

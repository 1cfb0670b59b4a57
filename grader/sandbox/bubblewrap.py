"""The command line of bubblewrap: which namespaces, which files, what is writable."""

import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.inside import policy
from grader.inside.policy import Ceilings
from grader.sandbox import visible

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
    str(policy.USER),
    "--gid",
    str(policy.USER),
    "--hostname",
    "lab",
)
# several sandboxes of one process run side by side, and so do processes
_FIRST_USER, _USERS, _USERS_OF_A_PROCESS = 200_000, 6_000_000, 100
_numbers = itertools.count()


@dataclass(frozen=True)
class Launch:
    """A program to start with an empty environment; `files` it must inherit, `clean` goes after it has ended.

    `user`: whom it gives up root for.
    """

    command: list[str]
    files: list[int] = field(default_factory=list)
    clean: Callable[[], None] = lambda: None
    user: int | None = None


def own_user() -> int | None:
    """A user that nothing else on this machine is, for a sandbox started by root; None if we are not root."""
    if os.geteuid() != 0:
        return None
    return _FIRST_USER + (os.getpid() * _USERS_OF_A_PROCESS + next(_numbers) % _USERS_OF_A_PROCESS) % _USERS


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
    """The command that does what needs the rights of root, then replaces itself with `command`."""
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
    paths: Sequence[Path],
    command: Sequence[str],
    environment: Mapping[str, str],
    ceilings: Ceilings,
    joins: Sequence[Path] = (),
    *,
    shares_network: bool = False,
    shows: Mapping[str, str] | None = None,
    tells: int | None = None,
) -> Launch:
    """A program behind bubblewrap's wall.

    Args:
        program: bwrap.
        paths: what may be read inside, at the same place.
        command: what to run inside, with its environment.
        joins: files of control groups to join first.
        shares_network: whether it has this machine's network rather than one of its own.
        shows: what else may be read: path here → path inside. By root, such a sandbox keeps root's name, without its
            rights: files of other users are not to be read by it.
        tells: an open file in which bubblewrap says which process the program is.
    """
    user = None if shows else own_user()
    stage = tempfile.mkdtemp(prefix="lab-stage-") if user is not None else ""
    shown = {str(number): str(path) for number, path in enumerate(paths) if not path.is_symlink()}
    sources = {path: os.path.join(stage, name) if stage else path for name, path in shown.items()}
    etc, files = _etc(shares_network)
    arguments = [
        *_NAMESPACES,
        *(["--share-net"] if shares_network else []),
        *(["--info-fd", str(tells)] if tells is not None else []),
        *etc,
        *("--proc", "/proc", "--dev", "/dev"),
        *_visible(paths, sources, ceilings, shows or {}),
    ]
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    whole = [str(program), *arguments, "--chdir", policy.WORK, "--", *command]
    if user is not None or joins or os.geteuid() == 0:
        whole = launcher(
            whole,
            joins=joins,
            stage=stage,
            shows=shown if stage else None,
            user=user,
        )

    def clean() -> None:
        for file in files:
            os.close(file)
        if stage:
            shutil.rmtree(stage, ignore_errors=True)

    return Launch(whole, files, clean, user)


def _etc(shares_network: bool) -> tuple[list[str], list[int]]:
    """What shows the files of /etc, and the open files that it names."""
    arguments: list[str] = []
    files: list[int] = []
    for name, content in policy.ETC_FILES.items():
        if shares_network and name in policy.FETCH_OWN_ETC:
            arguments += ["--ro-bind-try", name, name]
            continue
        file = _file_of(content)
        files.append(file)
        arguments += ["--ro-bind-data", str(file), name]
    for name in policy.FETCH_ETC if shares_network else ():
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return arguments, files


def _visible(
    paths: Sequence[Path], sources: Mapping[str, str], ceilings: Ceilings, shows: Mapping[str, str]
) -> list[str]:
    """What shows the writable folders, and over them what may be read."""
    arguments: list[str] = []
    writable = {
        policy.WORK: ceilings.work,
        policy.HOME: ceilings.home,
        policy.TEMPORARY: ceilings.temporary,
        policy.SHARED_MEMORY: ceilings.shared_memory,
    }
    for name, megabytes in writable.items():
        arguments += _tmpfs(name, megabytes, "0700")
    # last, since what is shown may lie below what is writable: an environment in /tmp, say
    folders = sorted({folder for path in paths for folder in _folders_below(writable, path)})
    for folder in folders:
        arguments += _tmpfs(folder, 1, "0755")
    for path in paths:
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), str(path)]
        else:
            arguments += ["--ro-bind", sources[str(path)], str(path)]
    for place in map(Path, policy.CONTAINER_PLACES):
        if not any(path.is_relative_to(place) for path in paths):  # the grader's own packages may be there
            arguments += ["--symlink", policy.WORK, str(place)]
    for here, inside in shows.items():
        arguments += ["--ro-bind", here, inside]
    for folder in ("/dev", *folders, "/"):
        arguments += ["--remount-ro", folder]
    return arguments


def _tmpfs(name: str, megabytes: int, mode: str) -> list[str]:
    return ["--perms", mode, "--size", str(megabytes * 1024 * 1024), "--tmpfs", name]


def _folders_below(writable: Mapping[str, int], path: Path) -> list[str]:
    """The folder right below a writable one that leads to a path: shown read-only, too, or names could be added there."""
    return [
        str(Path(name) / path.relative_to(name).parts[0])
        for name in writable
        if path.is_relative_to(name) and len(path.relative_to(name).parts) > 1
    ]


def trial(program: Path) -> Launch:
    """The smallest program behind the same wall."""
    paths = visible.paths(Path(sys.executable), "submission")
    return launch(program, paths, [sys.executable, "-S", "-c", ""], {}, Ceilings())


def _file_of(content: str) -> int:
    """An open file with that content, which has no name."""
    file = os.memfd_create("etc", 0)
    os.write(file, content.encode())
    os.lseek(file, 0, os.SEEK_SET)
    return file

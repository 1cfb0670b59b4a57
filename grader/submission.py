"""A submission: a folder, an archive, or a git repository, as a copy that the grader reads and no learner's code can write.

The original is only read. Archives are unpacked in a sandbox; what comes out of it is plain files, checked once more.
"""

import errno
import hashlib
import io
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader import environments, manifest
from grader.environments import Choice
from grader.errors import GraderError, SubmissionError
from grader.inside import wire
from grader.manifest import Manifest
from grader.sandbox import Order, Sandbox, Tier

MAX_FILES = 5_000
MAX_BYTES = 200 * 1024 * 1024
_UNPACK_SECONDS = 120.0
LEFT_OUT = frozenset(
    {
        ".git",  # a file of that name would lead git elsewhere
        "__MACOSX",
        ".venv",
        "venv",
        "node_modules",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".ipynb_checkpoints",
        "reports",
    }
)


# this machine's trouble, whatever is copied
_OUR_TROUBLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS})


def _check_whose(error: Exception) -> None:
    """Raises GraderError if an error in reading is none of the submission's."""
    if isinstance(error, OSError) and error.errno in _OUR_TROUBLE:
        raise GraderError(f"The submission could not be copied: {error.strerror}.") from error


@dataclass(frozen=True)
class Submission:
    """A copy of a submission, to be read. `digest` covers every file's path and content.

    `history`: its repository's folder, if it has one; a stranger's, and not to be used outside a sandbox. `python`: what
    its app, its tests and its notebooks run with.
    """

    name: str
    root: Path
    digest: str
    manifest: Manifest
    history: Path | None = None
    python: Path = Path(sys.executable)


@contextmanager
def opened(path: str, environment: Choice = "lab", tier: Tier = "process") -> Iterator[Submission]:
    """A copy of what `path` names; gone afterwards.

    Args:
        path: a folder, an archive, a git URL or bundle.
        tier: how well to keep apart whatever unpacks an archive.
        environment: "lab" for the packages of the lab, "submission" for those that the work declares.

    Raises:
        SubmissionError: there is nothing there, or nothing that can be graded, or an archive that tries to
            write outside its folder, or packages that can't be had.
    """
    with tempfile.TemporaryDirectory(prefix="submission-") as place:
        copy = Path(place) / "work"
        name = _copy(path, copy, tier)
        root = copy if Path(path).is_dir() else _inner(copy)
        files = sorted(file for file in root.rglob("*") if file.is_file() and not file.is_symlink())
        if not files:
            raise SubmissionError(
                f"{path} is empty: there is nothing to grade. Give the folder that holds your app and its tests."
            )
        digest, told = _digest(root, files), manifest.read(root)
        history = _history(path, Path(place) / "history")
        python = environments.python_for(root) if environment == "submission" else Path(sys.executable)
        yield Submission(name, root, digest, told, history, python)


def _copy(path: str, destination: Path, tier: Tier) -> str:
    """Fill the destination; returns the submission's name."""
    if "://" in path or path.startswith("git@") or path.endswith(".bundle"):
        _clone(path, destination)
        return PurePosixPath(path.rstrip("/")).name.removesuffix(".git").removesuffix(".bundle")
    source = Path(path)
    if not source.exists():
        raise SubmissionError(
            f"There is no submission at {path}. Check the path; the folder you are in is {Path.cwd()}."
        )
    resolved = source.resolve()
    if resolved.is_dir():
        _copy_folder(resolved, destination)
        return resolved.name
    _unpack(resolved, destination, tier)
    return resolved.name.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz").removesuffix(".zip")


def _copy_folder(source: Path, destination: Path) -> None:
    count = size = 0
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(set(folders) - LEFT_OUT)
        target = destination / Path(folder).relative_to(source)
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            file = Path(folder, name)
            if name in LEFT_OUT or not stat.S_ISREG(file.lstat().st_mode):
                continue  # links, sockets and devices are not part of a submission
            count, size = count + 1, size + file.stat().st_size
            _check_limits(count, size)
            try:
                shutil.copyfile(file, target / name)
            except OSError as error:
                _check_whose(error)
                raise SubmissionError(f"{file} can't be read: {error.strerror}") from error


def _check_limits(count: int, size: int) -> None:
    if count > MAX_FILES:
        raise SubmissionError(
            f"The submission has more than {MAX_FILES} files. Leave out virtual environments and data."
        )
    if size > MAX_BYTES:
        raise SubmissionError(
            f"The submission is larger than {MAX_BYTES // 1024**2} MB. Leave out virtual environments and data."
        )


def _unpack(archive: Path, destination: Path, tier: Tier) -> None:
    """Unpack an archive in a sandbox, and write down the plain files that come out.

    Raises:
        SubmissionError: it is none, can't be read, or holds what a submission must not.
    """
    with archive.open("rb") as source, Sandbox(tier) as sandbox:
        order = Order(
            do="unpack",
            name="unpack",
            cwd=sandbox.root,
            environment=sandbox.environment(),
            facts={"most_files": MAX_FILES, "most_bytes": MAX_BYTES, "left_out": sorted(LEFT_OUT)},
        )
        with sandbox.start(order, [source.fileno()], hears=2 * MAX_BYTES) as job:
            job.wait(_UNPACK_SECONDS)
            said = job.said()
    if said is None:
        raise SubmissionError(f"The archive {archive.name} did not come to an end.")
    try:
        for name, content in wire.read_files(io.BytesIO(said), MAX_FILES, MAX_BYTES):
            wire.put_file(str(destination), name, content)
    except wire.WireError as error:
        raise SubmissionError(f"{archive.name} can't be taken. {error}") from error
    except OSError as error:
        _check_whose(error)
        raise SubmissionError(f"The archive {archive.name} can't be read: {error}") from error


def _run_git(*arguments: str, about: str) -> str:
    """Run git with no configuration of this machine, no prompts, no hooks, and no transport that runs commands.

    Args:
        arguments: git's.
        about: the repository that it concerns, for messages.

    Returns:
        What it printed.

    Raises:
        SubmissionError: it is missing, slow, or failed.
    """
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "https:ssh:file:git",
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own words, and a URL after "--"
            ["git", *arguments],  # noqa: S607 - whichever git is on the path
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
    except FileNotFoundError as error:
        raise SubmissionError("git is not installed, so that repository can't be fetched.") from error
    except subprocess.TimeoutExpired as error:
        raise SubmissionError(f"{about} did not answer within 120 seconds.") from error
    if done.returncode:
        raise SubmissionError(f"{about} can't be fetched: {done.stderr.strip()[-300:]}")
    return done.stdout


def state_of_remote(url: str) -> str:
    """What every branch and tag of a repository elsewhere points at.

    Raises:
        SubmissionError: it can't be asked.
    """
    return _run_git("ls-remote", "--quiet", "--", url, about=url)


def _clone(url: str, destination: Path) -> None:
    _run_git("clone", "--quiet", "--no-recurse-submodules", "--", url, str(destination), about=url)
    # kept beside the copy, for the scan of its history
    (destination / ".git").rename(destination.parent / "history")


def _history(path: str, cloned: Path) -> Path | None:
    """The folder of its repository: of our own clone, or the one in the folder that was handed in."""
    if cloned.exists():
        return cloned
    own = Path(path) / ".git"
    return own if own.is_dir() and not own.is_symlink() else None


def _inner(copy: Path) -> Path:
    """The folder of the project: an archive often holds one folder that holds everything."""
    while True:
        entries = (
            [entry for entry in copy.iterdir() if not entry.name.startswith(".")] if copy.is_dir() else []
        )
        if len(entries) != 1 or not entries[0].is_dir() or (entries[0] / "__init__.py").exists():
            return copy
        copy = entries[0]


def _digest(root: Path, files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(
            f"{file.relative_to(root).as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
        )
    return f"sha256:{total.hexdigest()}"

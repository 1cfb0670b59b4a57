"""A submission on disk: a folder, an archive, or a git repository, copied to where it may be run.

The original is only read. Archives are checked member by member before anything is written.
"""

import errno
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader import environments, manifest
from grader.environments import Choice
from grader.errors import GraderError, SubmissionError
from grader.manifest import Manifest

MAX_FILES = 5_000
MAX_BYTES = 200 * 1024 * 1024
_LEFT_OUT = frozenset(
    {
        ".git",
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
    """A copy of a submission that may be run. `digest` covers every file's path and content.

    `history`: a clone of its repository, if it has one. `python`: what its app, its tests and its notebooks run with.
    """

    name: str
    root: Path
    digest: str
    manifest: Manifest
    history: Path | None = None
    python: Path = Path(sys.executable)


@contextmanager
def opened(path: str, environment: Choice = "lab") -> Iterator[Submission]:
    """A working copy of what `path` names; gone afterwards.

    Args:
        path: a folder, an archive, a git URL or bundle.
        environment: "lab" for the packages of the lab, "submission" for those that the work declares.

    Raises:
        SubmissionError: there is nothing there, or nothing that can be graded, or an archive that tries to
            write outside its folder, or packages that can't be had.
    """
    with tempfile.TemporaryDirectory(prefix="submission-") as place:
        copy = Path(place) / "work"
        name = _copy(path, copy)
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


def _copy(path: str, destination: Path) -> str:
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
    try:
        if zipfile.is_zipfile(resolved):
            _unzip(resolved, destination)
        elif tarfile.is_tarfile(resolved):
            _untar(resolved, destination)
        else:
            raise SubmissionError(f"{path} is neither a folder nor a .zip or .tar.gz archive.")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, RuntimeError) as error:
        _check_whose(error)
        raise SubmissionError(f"The archive {path} can't be read: {error}") from error
    return resolved.name.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz").removesuffix(".zip")


def _copy_folder(source: Path, destination: Path) -> None:
    count = size = 0
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(set(folders) - _LEFT_OUT)
        target = destination / Path(folder).relative_to(source)
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            file = Path(folder, name)
            if not stat.S_ISREG(file.lstat().st_mode):
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


def _safe(name: str) -> PurePosixPath:
    """The path of a member, relative and without `..`; raises `SubmissionError` otherwise."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name.split("/")[0] or "\0" in name:
        raise SubmissionError(
            f"The archive wants to write outside its folder: {name!r}. Pack it again from inside your project."
        )
    return path


def _wanted(path: PurePosixPath) -> bool:
    return not _LEFT_OUT.intersection(path.parts) and "__MACOSX" not in path.parts


def _unzip(archive: Path, destination: Path) -> None:
    with zipfile.ZipFile(archive) as bundle:
        members = [(member, _safe(member.filename)) for member in bundle.infolist()]
        for member, _ in members:
            if stat.S_ISLNK(member.external_attr >> 16):
                raise SubmissionError(f"The archive holds a link: {member.filename!r}. Pack the file itself.")
        wanted = [(member, path) for member, path in members if not member.is_dir() and _wanted(path)]
        _check_limits(len(wanted), sum(member.file_size for member, _ in wanted))
        written = 0
        for count, (member, path) in enumerate(wanted, 1):
            with bundle.open(member) as source:
                # the size that an archive declares may be a lie: never read more than is left
                content = source.read(MAX_BYTES - written + 1)
            written += len(content)
            _check_limits(count, written)
            _write(destination / path, content)


def _untar(archive: Path, destination: Path) -> None:
    count = written = 0
    with tarfile.open(archive) as bundle:
        for member in bundle:
            path = _safe(member.name)
            if member.isdir() or not _wanted(path):
                continue
            if not member.isreg():
                raise SubmissionError(f"The archive holds something that is no plain file: {member.name!r}.")
            count, written = count + 1, written + member.size
            _check_limits(count, written)
            source = bundle.extractfile(member)
            assert source is not None
            _write(destination / path, source.read(member.size))


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _run_git(*arguments: str) -> None:
    """Run git with no configuration of this machine, no prompts, no hooks, and no transport that runs commands.

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
    where = arguments[-2]
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
        raise SubmissionError(f"{where} did not answer within 120 seconds.") from error
    if done.returncode:
        raise SubmissionError(f"{where} can't be cloned: {done.stderr.strip()[-300:]}")


def _clone(url: str, destination: Path) -> None:
    _run_git("clone", "--quiet", "--no-recurse-submodules", "--", url, str(destination))
    # kept beside the copy, for the scan of its history
    (destination / ".git").rename(destination.parent / "history")


def _history(path: str, destination: Path) -> Path | None:
    """A clone of our own of the repository that a folder is: its configuration is not obeyed, its hooks not run."""
    if destination.exists():
        return destination
    if not (Path(path) / ".git").exists():
        return None
    try:
        _run_git(
            "clone", "--quiet", "--bare", "--no-local", "--", str(Path(path).resolve()), str(destination)
        )
    except SubmissionError:
        return None
    return destination


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

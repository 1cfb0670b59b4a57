"""A submission as the worker reads it: a copy of plain files, in a place that is gone afterwards.

It comes as a stream of bytes (see `grader.intake.courier`). Archives and repositories are taken apart in the sandbox of
the submission's own code; what comes out of it is plain files, checked once more.
"""

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

from grader import environments, manifest
from grader.environments import Choice
from grader.errors import GraderError, SubmissionError
from grader.inside import wire
from grader.intake import courier
from grader.intake.bounds import (
    LEFT_OUT,
    MAX_BYTES,
    MAX_FILES,
    MAX_HISTORY_BYTES,
    MAX_HISTORY_FILES,
    raise_if_ours,
)
from grader.intake.courier import Parcel
from grader.manifest import Manifest
from grader.sandbox import Order, Sandbox, Tier

_UNPACK_SECONDS = 120.0
_PROGRAMS = frozenset({".py", ".ipynb"})
ARCHIVE = re.compile(r"\.(zip|tar|tar\.(gz|bz2|xz)|tgz|tbz2|txz|bundle)$", re.IGNORECASE)
_HOW = "Hand in the folder with your app and its tests as a .zip."
_MOST_FILES, _MOST_BYTES = MAX_FILES + MAX_HISTORY_FILES, MAX_BYTES + MAX_HISTORY_BYTES


class OpensSandbox(Protocol):
    """Starts a sandbox for the submission's code: of this process, or of the parent on behalf of a worker."""

    def __call__(
        self, python: Path = ..., work: Path | None = ..., *, cold: bool = ...
    ) -> AbstractContextManager[Sandbox]:
        """See `Sandbox`."""


FindsPython = Callable[[Path], Path]  # the root of a submission → the interpreter it is to run with


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
def open_submission(path: str, environment: Choice = "lab", *, tier: Tier) -> Iterator[Submission]:
    """A copy of what `path` names, read by this process itself; gone afterwards.

    For work that one trusts, such as the project's own tests. `grader.worker.grade` reads anything else in a sandbox.

    Args:
        path: a folder, an archive, a git URL or bundle.
        tier: how well to keep apart what unpacks an archive.
        environment: "lab" for the packages of the lab, "submission" for those that the work declares, "auto" for
            the lab's if they satisfy what it declares.

    Raises:
        SubmissionError: there is nothing there, or nothing that can be graded.
        GraderError: the grader's own trouble.
    """
    with tempfile.TemporaryDirectory(prefix="submission-") as place, courier.carry(path, tier) as parcel:
        yield read(parcel, Path(place), partial(Sandbox, tier), partial(_python_for, environment))


def _lab_python(root: Path) -> Path:
    return Path(sys.executable)


def _python_for(choice: Choice, root: Path) -> Path:
    return environments.choose(root, choice, environments.build).python


def read(
    parcel: Parcel, place: Path, open_sandbox: OpensSandbox, find_python: FindsPython = _lab_python
) -> Submission:
    """Take a submission from its stream to a folder.

    Args:
        parcel: what came.
        place: an empty folder.
        open_sandbox: where archives and repositories are taken apart.
        find_python: the interpreter that it is to run with.

    Raises:
        SubmissionError: it can't be read, or holds what a submission must not.
        GraderError: the grader's own trouble.
    """
    work, history = place / "work", place / "history"
    if parcel.kind == "folder":
        with open(os.dup(parcel.file), "rb") as stream:
            _put(stream, place, parcel)
    else:
        _unpack(parcel, place, open_sandbox)
    root = work if parcel.kind == "folder" else _inner(work)
    # an archive in an archive is unpacked, and none deeper; a folder of loose files may hold the first
    for depth in range(2 if parcel.kind == "folder" else 1):
        root = _out_of_its_archive(root, place / f"inner-{depth}", parcel, open_sandbox)
    files = sorted(file for file in root.rglob("*") if file.is_file())
    if not files:
        raise SubmissionError(
            f"{parcel.name} is empty: there is nothing to grade. Give the folder that holds your app and its tests."
        )
    return Submission(
        parcel.name,
        root,
        _digest(root, files),
        manifest.read(root),
        history if history.is_dir() else None,
        find_python(root),
    )


def check_for_a_program(submission: Submission) -> None:
    """What holds no program is not graded: its points would be those for what it lacks.

    Raises:
        SubmissionError: there is none; the text names what there is.
    """
    files = sorted(file for file in submission.root.rglob("*") if file.is_file())
    if not any(file.suffix.casefold() in _PROGRAMS for file in files):
        raise SubmissionError(f"The submission holds no program: {_some(submission.root, files)}. {_HOW}")


def _out_of_its_archive(root: Path, inner: Path, parcel: Parcel, open_sandbox: OpensSandbox) -> Path:
    """The project's folder, where a submission holds no program but one archive, which is unpacked below `inner`.

    Raises:
        SubmissionError: it holds several archives, or the one can't be read.
    """
    files = [file for file in root.rglob("*") if file.is_file()] if root.is_dir() else []
    if any(file.suffix.casefold() in _PROGRAMS for file in files):
        return root
    archives = sorted(file for file in files if ARCHIVE.search(file.name))
    if len(archives) > 1:
        raise SubmissionError(
            "The submission holds no program but several archives, and nothing says which is meant: "
            f"{_some(root, archives)}. {_HOW}"
        )
    if not archives:
        return root
    inner.mkdir()
    with archives[0].open("rb") as source:
        is_bundle = archives[0].suffix.casefold() == ".bundle"
        packed = Parcel(
            "bundle" if is_bundle else "archive", f"{parcel.name}/{archives[0].name}", source.fileno()
        )
        _unpack(packed, inner, open_sandbox)
    return _inner(inner / "work")


def _some(root: Path, files: Sequence[Path]) -> str:
    names = [file.relative_to(root).as_posix()[:80] for file in files[:4]]
    return ", ".join(names) + (f" and {len(files) - len(names)} more" if len(files) > len(names) else "")


def _unpack(parcel: Parcel, place: Path, open_sandbox: OpensSandbox) -> None:
    """Take an archive or a repository apart in a sandbox, and write down the plain files that come out."""
    with tempfile.TemporaryFile(dir=place) as plain:
        with open_sandbox() as sandbox:
            order = Order(
                do="unpack" if parcel.kind == "archive" else "checkout",
                name="unpack",
                cwd=sandbox.root,
                environment=sandbox.environment(),
                facts={"most_files": MAX_FILES, "most_bytes": MAX_BYTES, "left_out": sorted(LEFT_OUT)},
            )
            with sandbox.start(order, [plain.fileno(), parcel.file]) as job:
                code = job.wait(_UNPACK_SECONDS)
        if code is None:
            raise SubmissionError(
                f"{parcel.name} was rejected: unpacking it timed out after {_UNPACK_SECONDS:g} s."
            )
        plain.seek(0)
        try:
            _put(plain, place, parcel)
        except GraderError as error:
            raise SubmissionError(
                f"{parcel.name} was rejected: it can't be unpacked within the memory and the space that it is given."
            ) from error


def _put(stream: BinaryIO, place: Path, parcel: Parcel) -> None:
    """Write the files of a stream below a folder."""
    try:
        for name, content in wire.read_files(stream, _MOST_FILES, _MOST_BYTES):
            if not name.startswith(("work/", "history/")):
                raise GraderError(f"A file came under a name outside work/ and history/: {name[:100]!r}.")
            try:
                wire.put_file(str(place), name, content)
            except wire.WireError as error:
                raise SubmissionError(f"{parcel.name} was rejected: {error}.") from error
            except OSError as error:
                raise_if_ours(error)
                file = name.partition("/")[2][:200]
                raise SubmissionError(
                    f"{parcel.name} was rejected: {file} can't be written beside its other files."
                ) from error
    except wire.Trouble as error:
        raise SubmissionError(f"{parcel.name} was rejected: {error}") from error
    except wire.WireError as error:
        raise GraderError(f"The submission's files did not arrive whole: {error}.") from error


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

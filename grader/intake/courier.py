"""Streams a submission to its worker: counted and bounded, never parsed.

A folder is walked without following links; what is no plain file is left behind. A repository elsewhere is brought by
git, in a sandbox that has the network and nothing else.
"""

import contextlib
import os
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal
from urllib.parse import urlsplit

from grader.errors import GraderError, SubmissionError
from grader.inside import wire
from grader.inside.policy import Ceilings
from grader.inside.repositories import without_key
from grader.intake.bounds import (
    LEFT_BEHIND,
    LEFT_OUT,
    MAX_BYTES,
    MAX_FILES,
    MAX_HISTORY_BYTES,
    MAX_HISTORY_FILES,
    raise_if_ours,
)
from grader.sandbox import Order, Sandbox, Tier

Kind = Literal["folder", "archive", "bundle"]

FETCH_SECONDS = 120.0
_FETCHING = Ceilings(temporary=1024, file=512)
_MOST_FETCHED = 512 * 1024 * 1024


@dataclass(frozen=True)
class Parcel:
    """A submission on its way: what it is, the name it goes by, and the open file that it is read from."""

    kind: Kind
    name: str
    file: int


@contextmanager
def carry(path: str, tier: Tier) -> Iterator[Parcel]:
    """Bring what a path, a git URL or a bundle names, ready to be read.

    Raises:
        SubmissionError: there is nothing there, or it can't be fetched.
        GraderError: this machine's trouble.
    """
    if is_repository(path):
        name = PurePosixPath(path.rstrip("/")).name.removesuffix(".git") or "repository"
        with tempfile.TemporaryFile() as file:
            _fetch(path, tier, file)
            file.seek(0)
            yield Parcel("bundle", name, file.fileno())
        return
    source = Path(path)
    if not source.exists():
        raise SubmissionError(
            f"There is no submission at {path}. Check the path; the folder you are in is {Path.cwd()}."
        )
    source = source.resolve()
    if source.is_dir():
        with _folder(source) as read:
            yield Parcel("folder", source.name, read)
        return
    if not source.is_file():
        raise SubmissionError(f"{path} is neither a folder nor a file.")
    if source.suffix in (".py", ".ipynb"):
        raise SubmissionError(
            f"{path} is a single file. Give the folder that holds it and everything that belongs to it, such as its tests: "
            f"{Path(path).parent}."
        )
    try:
        with source.open("rb") as archive:
            yield Parcel(
                "bundle" if source.suffix == ".bundle" else "archive", _plain(source.name), archive.fileno()
            )
    except PermissionError as error:
        raise SubmissionError(f"{path} can't be read: {error.strerror}.") from error


def is_repository(path: str) -> bool:
    """Whether a path is the address of a git repository on another host."""
    return "://" in path or path.startswith("git@")


def _plain(name: str) -> str:
    """A file's name without what says that it is an archive."""
    for suffix in (".gz", ".bz2", ".xz", ".tar", ".tgz", ".zip", ".bundle"):
        name = name.removesuffix(suffix)
    return name


# --- folders ------------------------------------------------------------------------------------------------------


@contextmanager
def _folder(root: Path) -> Iterator[int]:
    """The reading end of a pipe through which a folder comes."""
    reading, writing = os.pipe()
    failed: list[GraderError] = []

    def send() -> None:
        # the reader may stop early: it has seen enough, or is gone
        with contextlib.suppress(BrokenPipeError), open(writing, "wb") as out:
            try:
                send_folder(root, out)
            except GraderError as error:
                failed.append(error)
            except BrokenPipeError:
                raise
            except OSError as error:
                failed.append(GraderError(f"The submission could not be copied: {error.strerror}."))

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        yield reading
    finally:
        os.close(reading)
        sender.join(5)
    if failed:
        raise failed[0]


def send_folder(root: Path, out: BinaryIO) -> None:
    """Write the plain files of a folder as a stream: `work/…`, and its repository, if it has one, as `history/…`.

    What the submission must not hold ends the stream with a sentence that says so.

    Raises:
        GraderError: this machine's trouble.
    """
    trouble = None
    files = plain_files(root)
    while True:
        try:
            name, content = next(files)
        except StopIteration:
            break
        except SubmissionError as error:
            trouble = str(error)
            break
        wire.write_file(out, name, content)
    wire.end_files(out, trouble)


def plain_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each plain file of a submission's folder; the names begin with `work/` or `history/`.

    Raises:
        SubmissionError: there are too many, they are too large, lie too deep, or have a name that is not text.
        GraderError: this machine's trouble.
    """
    yield from _below(root, "work/", LEFT_OUT, MAX_FILES, MAX_BYTES)
    repository = root / ".git"
    if repository.is_dir() and not repository.is_symlink():
        # at the top alone: a branch may have such a name
        left_out = frozenset({"/hooks", f"/{LEFT_BEHIND}"})
        try:
            yield from _below(repository, "history/", left_out, MAX_HISTORY_FILES, MAX_HISTORY_BYTES)
        except SubmissionError:  # the work is graded all the same; a person has to look at its commits
            yield f"history/{LEFT_BEHIND}", b""


def _below(
    root: Path, prefix: str, left_out: frozenset[str], most_files: int, most_bytes: int
) -> Iterator[tuple[str, bytes]]:
    count = size = 0
    for name, folder, entry in _walked(root, left_out):
        with _readable(name):
            file = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with open(file, "rb") as source:
            facts = os.fstat(file)
            if not stat.S_ISREG(facts.st_mode):
                continue
            count, size = count + 1, size + facts.st_size
            if count > most_files:
                raise SubmissionError(
                    f"The submission has more than {most_files} files. Leave out virtual environments and data."
                )
            if size > most_bytes:
                raise SubmissionError(
                    f"The submission is larger than {most_bytes // 1024**2} MB. Leave out virtual environments and data."
                )
            yield prefix + name, source.read(facts.st_size)


def _walked(root: Path, left_out: frozenset[str]) -> Iterator[tuple[str, int, str]]:
    """Every entry that is no folder and no link: its name below the root, its folder's descriptor, its own name.

    Each folder is opened from the one above it, so that a link put in its place meanwhile is not followed.
    """
    with _readable(root.name):
        here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield from _in_folder(here, "", left_out, wire.MOST_FOLDERS - 1)
    finally:
        os.close(here)


def _in_folder(
    here: int, above: str, left_out: frozenset[str], deeper: int
) -> Iterator[tuple[str, int, str]]:
    with _readable(above or "."):
        entries = sorted(os.listdir(here))
    for entry in entries:
        name = above + entry
        if entry in left_out or f"/{name}" in left_out:
            continue
        try:
            entry.encode()
        except UnicodeEncodeError as error:
            raise SubmissionError(f"The name of a file is not valid text: {name!a}. Rename it.") from error
        with _readable(name):
            kind = os.stat(entry, dir_fd=here, follow_symlinks=False).st_mode
        if stat.S_ISREG(kind):
            yield name, here, entry
        elif stat.S_ISDIR(kind):
            if deeper == 0:
                raise SubmissionError(f"Folders lie more than {wire.MOST_FOLDERS} deep in it.")
            with _readable(name):
                inner = os.open(
                    entry, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here
                )
            try:
                yield from _in_folder(inner, f"{name}/", left_out, deeper - 1)
            finally:
                os.close(inner)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """What can't be read is the submission's trouble, unless it is this machine's."""
    try:
        yield
    except OSError as error:
        raise_if_ours(error)
        raise SubmissionError(f"{name} can't be read: {error.strerror}.") from error


# --- repositories elsewhere ---------------------------------------------------------------------------------------


def refs_of(url: str, tier: Tier) -> bytes:
    """What every branch and tag of a repository elsewhere points at.

    Raises:
        SubmissionError: it can't be asked.
    """
    with tempfile.TemporaryFile() as answer:
        _ask_git(url, tier, answer, only_list=True)
        answer.seek(0)
        return _only_file(answer, url, "refs")


def _fetch(url: str, tier: Tier, target: BinaryIO) -> None:
    with tempfile.TemporaryFile() as answer:
        _ask_git(url, tier, answer, only_list=False)
        answer.seek(0)
        target.write(_only_file(answer, url, "bundle"))


def _only_file(answer: BinaryIO, url: str, name: str) -> bytes:
    try:
        files = dict(wire.read_files(answer, 1, _MOST_FETCHED))
    except wire.WireError as error:
        message, named = str(error), without_key(url)
        raise SubmissionError(message if message.startswith(named) else f"{named}: {message}") from error
    return files[name]


def _ask_git(url: str, tier: Tier, answer: BinaryIO, *, only_list: bool) -> None:
    """Let git talk to another host, where it can reach nothing but the network."""
    with Sandbox(tier, purpose="fetch", ceilings=_FETCHING, shows=_keys_for(url)) as sandbox:
        order = Order(
            do="fetch",
            name="fetch",
            cwd=sandbox.root,
            environment={**sandbox.environment(), **_proxies()},
            facts={"url": url, "list": only_list},
        )
        with sandbox.start(order, [answer.fileno()]) as job:
            if job.wait(FETCH_SECONDS) is None:
                raise SubmissionError(f"{without_key(url)} did not answer within {FETCH_SECONDS:g} seconds.")


def _keys_for(url: str) -> dict[str, str]:
    """What git needs to read beside the network: a folder on this machine, or your keys for ssh."""
    parts = urlsplit(url) if "://" in url else None
    if parts and parts.scheme == "file":
        if not Path(parts.path).exists():
            raise SubmissionError(f"There is no repository at {parts.path}.")
        return {parts.path: parts.path}
    keys = Path.home() / ".ssh"
    if (parts is None or parts.scheme == "ssh") and keys.is_dir():
        return {str(keys): "/home/learner/.ssh"}
    return {}


def _proxies() -> dict[str, str]:
    names = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
    return {name: os.environ[name] for name in names if name in os.environ}

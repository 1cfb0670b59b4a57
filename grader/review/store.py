"""`decisions.toml`, beside a batch's results: one review writes it, everything reads it.

Written whole or not at all: into a file of another name, which is on the disk before it takes the place. Killed at any
moment, the file is the one before or the one after.
"""

import fcntl
import os
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import tomli_w
from pydantic import ValidationError

from grader.errors import GraderError
from grader.files import write
from grader.review import decisions as models
from grader.review.decisions import Decisions

NAME = "decisions.toml"
_LOCK = Path(".grader") / "decisions.lock"
_LARGEST = 64 * 1024 * 1024
_HEAD = (
    "# What a person decided of these results. `grader review` writes this file; `grader batch` and `grader judge` apply it.\n"
    "# Nothing is deleted here: a decision that was taken back has the time under `undone`.\n\n"
)


def read(results: Path) -> Decisions:
    """The decisions that were made about the results in a folder; none, if there is no file.

    Raises:
        GraderError: the file can't be read; the text says where it is wrong.
    """
    file = results / NAME
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        return Decisions()
    except OSError as error:
        raise GraderError(f"{file} can't be read: {error.strerror}.") from error
    return parse_decisions(content, file)


def parse_decisions(content: bytes, file: Path) -> Decisions:
    """What the bytes of a `decisions.toml` say.

    Raises:
        GraderError: as for `read`.
    """
    if len(content) > _LARGEST:
        raise GraderError(f"{file} is larger than {_LARGEST // 1024**2} MB.")
    try:
        return Decisions.model_validate(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GraderError(f"{file} is not valid TOML: {error}. Correct it, or move it away.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise GraderError(f"{file}: {where}: {first['msg']}. Correct it, or move it away.") from error


def render_decisions(decisions: Decisions) -> bytes:
    """The bytes of a `decisions.toml` with these decisions."""
    table = decisions.model_dump(mode="python", by_alias=True, exclude_none=True)
    return (_HEAD + tomli_w.dumps(table)).encode()


class Writer:
    """The one writer of a folder's decisions, as long as it is open. Safe to use from several threads.

    What somebody changed in the file by hand meanwhile is read before the next change is made.
    """

    def __init__(self, results: Path) -> None:
        self._results, self._file = results, results / NAME
        self._turn = threading.Lock()
        self._decisions = Decisions()
        self._stamp: tuple[int, int, int] | None = None
        self._salt = models.new_salt()  # until a file has one
        self._was_read = False
        self._lock: BinaryIO | None = None

    def __enter__(self) -> "Writer":
        """Take the lock and read.

        Raises:
            GraderError: another review is open, or the file can't be read.
        """
        lock = self._results / _LOCK
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            self._lock = open(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644), "r+b")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._close()
            raise GraderError(
                f"Another review of {self._results} is open. End it (Ctrl-C where it was started), then start this one."
            ) from error
        except OSError as error:
            raise GraderError(f"{lock} can't be written: {error.strerror}.") from error
        try:
            self._read()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def current(self) -> Decisions:
        """What is decided now.

        Raises:
            GraderError: the file was changed by hand and can't be read any more.
        """
        with self._turn:
            self._read()
            return self._decisions

    def change(self, change: Callable[[Decisions], Decisions]) -> Decisions:
        """Change the decisions; once this returns, they are on the disk.

        Raises:
            GraderError: they can't be written, or the file was changed by hand and can't be read any more.
        """
        with self._turn:
            self._read()
            changed = change(self._decisions)
            if changed != self._decisions:
                write(self._file, render_decisions(changed))
                _sync(self._results)
                self._decisions, self._stamp = changed, _stamp(self._file)
            return changed

    def _read(self) -> None:
        stamp = _stamp(self._file)
        if stamp == self._stamp and self._was_read:
            return
        found = read(self._results)
        if not found.salt:
            found = found.model_copy(update={"salt": self._salt})
        self._decisions, self._stamp, self._was_read = found, stamp, True

    def _close(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _sync(folder: Path) -> None:
    """The new name of the file reaches the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Undoes what a run wrote, so that every run starts from the same files and none can leave another a message."""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_FILES = 100_000  # files and folders
_LARGEST, _MOST_BYTES = 8 << 20, 64 << 20  # of contents that are kept


class CantUndoError(Exception):
    """What the runs wrote can't be undone: there is too much of it."""


@dataclass(frozen=True)
class _Stamp:
    """What nobody changes without a trace. `changed`: when anything of it did, which no call can set back (nanoseconds)."""

    kind: int
    size: int
    mode: int
    written: int
    changed: int

    def is_folder(self) -> bool:
        return self.kind == stat.S_IFDIR


class Leftovers:
    """Remembers folders as they are now.

    Args:
        folders: those that runs may write to, themselves and what is in them.
    """

    def __init__(self, folders: list[str]) -> None:
        self._folders = [folder for folder in folders if folder and os.path.isdir(folder)]
        self._stamps: dict[str, _Stamp] = {}
        self._contents: dict[str, bytes] = {}
        self._links: dict[str, str] = {}
        self._knows = True
        size = 0
        try:
            for path, stamp in self._walk():
                self._stamps[path] = stamp
                if stamp.kind == stat.S_IFLNK:
                    self._links[path] = os.readlink(path)
                elif stamp.kind == stat.S_IFREG and stamp.size <= min(_LARGEST, _MOST_BYTES - size):
                    with contextlib.suppress(OSError), open(path, "rb") as file:
                        self._contents[path] = file.read(_LARGEST)
                        size += stamp.size
        except CantUndoError:
            self._knows = False

    def undo(self) -> None:
        """Remove what is new, put back what was changed or removed.

        Raises:
            CantUndoError: there is too much, or what was changed is too large to have been kept.
        """
        if not self._knows:
            raise CantUndoError("there are too many files beside the tests")
        now = dict(self._walk())
        for path in now.keys() - self._stamps.keys():
            _remove(path, now[path])
        for path, stamp in self._stamps.items():
            if now.get(path) != stamp and not stamp.is_folder():
                self._put_back(path, stamp, now.get(path))
        # last, since what is put back shows in its folder; the innermost first
        for path in sorted((path for path, stamp in self._stamps.items() if stamp.is_folder()), reverse=True):
            self._put_folder_back(path)

    def _put_back(self, path: str, stamp: _Stamp, now: _Stamp | None) -> None:
        with contextlib.suppress(OSError):
            if path in self._contents or path in self._links:
                # what is still a file stays that one: an app that runs meanwhile may have it open
                if now is not None and not now.kind == stamp.kind == stat.S_IFREG:
                    _remove(path, now)
                os.makedirs(os.path.dirname(path), exist_ok=True)
            if path in self._contents:
                _put_content_back(path, self._contents[path], stamp)
            elif path in self._links:
                os.symlink(self._links[path], path)
            elif stamp.kind == stat.S_IFREG:
                raise CantUndoError(
                    f"a file of {stamp.size >> 20} MB was changed, which is too large to be put back"
                )
            self._stamps[path] = _stamp(os.lstat(path))

    def _put_folder_back(self, path: str) -> None:
        stamp = self._stamps[path]
        with contextlib.suppress(OSError):
            os.makedirs(path, exist_ok=True)
            if _stamp(os.lstat(path)) != stamp:
                os.chmod(path, stamp.mode)
                os.utime(path, ns=(stamp.written, stamp.written))
                self._stamps[path] = _stamp(os.lstat(path))

    def _walk(self) -> Iterator[tuple[str, _Stamp]]:
        """Every file and folder.

        Raises:
            CantUndoError: there are more than anybody's tests need.
        """
        waiting = list(self._folders)
        count = 0
        for folder in self._folders:
            with contextlib.suppress(OSError):
                yield folder, _stamp(os.lstat(folder))
        while waiting:
            try:
                entries = list(os.scandir(waiting.pop()))
            except OSError:
                continue
            count += len(entries)
            if count > _MOST_FILES:
                raise CantUndoError("there are too many files beside the tests")
            for entry in entries:
                with contextlib.suppress(OSError):
                    stamp = _stamp(entry.stat(follow_symlinks=False))
                    if stamp.is_folder():
                        waiting.append(entry.path)
                    yield entry.path, stamp


def _stamp(facts: os.stat_result) -> _Stamp:
    kind = stat.S_IFMT(facts.st_mode)
    size = 0 if kind == stat.S_IFDIR else facts.st_size
    return _Stamp(kind, size, stat.S_IMODE(facts.st_mode), facts.st_mtime_ns, facts.st_ctime_ns)


def _put_content_back(path: str, content: bytes, stamp: _Stamp) -> None:
    with contextlib.suppress(OSError):
        os.chmod(path, stamp.mode | stat.S_IWUSR)
    with open(path, "wb") as file:
        file.write(content)
    # not every file system has such notes, nor every system calls for them
    with contextlib.suppress(OSError, AttributeError):
        for name in os.listxattr(path):
            os.removexattr(path, name)
    os.chmod(path, stamp.mode)
    os.utime(path, ns=(stamp.written, stamp.written))


def _remove(path: str, stamp: _Stamp) -> None:
    with contextlib.suppress(OSError):
        if stamp.is_folder():
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)

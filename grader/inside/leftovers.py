"""Undoes what a run wrote, so that every run starts from the same files."""

import contextlib
import os
import shutil
from collections.abc import Iterator

_MOST_FILES = 20_000
_LARGEST, _MOST_BYTES = 1 << 20, 32 << 20  # of contents that are kept

Stamp = tuple[int, int]  # when it was changed (nanoseconds), size in bytes


class Leftovers:
    """Remembers folders as they are now. Where they hold too much to remember, nothing is undone."""

    def __init__(self, folders: list[str]) -> None:
        self._folders = [folder for folder in folders if folder and os.path.isdir(folder)]
        self._stamps: dict[str, Stamp] = {}
        self._contents: dict[str, bytes] = {}
        self._knows = True
        size = 0
        for path, stamp in self._walk():
            self._stamps[path] = stamp
            if len(self._stamps) > _MOST_FILES:
                self._knows = False
                return
            if 0 <= stamp[1] <= _LARGEST and size + stamp[1] <= _MOST_BYTES:
                with contextlib.suppress(OSError), open(path, "rb") as file:
                    self._contents[path] = file.read(_LARGEST)
                    size += stamp[1]

    def undo(self) -> None:
        """Remove what is new, put back what was changed or removed."""
        if not self._knows:
            return
        now = dict(self._walk())
        for path in now.keys() - self._stamps.keys():
            with contextlib.suppress(OSError):
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    os.unlink(path)
        for path, stamp in self._stamps.items():
            if now.get(path) != stamp and path in self._contents:
                with contextlib.suppress(OSError):
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    with open(path, "wb") as file:
                        file.write(self._contents[path])
                    os.utime(path, ns=(stamp[0], stamp[0]))

    def _walk(self) -> Iterator[tuple[str, Stamp]]:
        """Every file and folder; a folder's size is -1, and its time counts for nothing."""
        waiting = list(self._folders)
        count = 0
        while waiting:
            try:
                entries = list(os.scandir(waiting.pop()))
            except OSError:
                continue
            for entry in entries:
                count += 1
                if count > 2 * _MOST_FILES:
                    return
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                        yield entry.path, (0, -1)
                    elif entry.is_symlink():
                        yield entry.path, (0, -2)
                    else:
                        facts = entry.stat(follow_symlinks=False)
                        yield entry.path, (facts.st_mtime_ns, facts.st_size)

"""Unpacks archives inside a sandbox: checks every member and returns a stream of plain files.

The size that an archive declares may be a lie: never is more read than is allowed. Formats: .zip, .tar, and .tar
compressed by gzip, bzip2 or xz.
"""

import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from grader.inside import wire

_DRIVE = re.compile("[A-Za-z]:")  # of Windows; a time such as 12:30 may begin a name


class Refused(Exception):
    """The archive was rejected; the message says why."""


class _Allowance:
    """How much may still come out."""

    def __init__(self, most_files: int, most_bytes: int) -> None:
        self._most_files, self._most_bytes = most_files, most_bytes
        self._files = self._bytes = 0

    def take(self, source: Any) -> bytes:
        """The next member's content."""
        self._files += 1
        if self._files > self._most_files:
            raise Refused(
                f"The submission has more than {self._most_files} files. Leave out virtual environments and data."
            )
        content = bytes(source.read(self._most_bytes - self._bytes + 1))
        self._bytes += len(content)
        if self._bytes > self._most_bytes:
            raise Refused(
                f"The submission is larger than {self._most_bytes // 1024**2} MB. "
                "Leave out virtual environments and data."
            )
        return content


def unpack(order: dict[str, Any]) -> None:
    """Unpack the second file of an order into the stream that is its first."""
    out, archive = order["files"]
    with open(out, "wb") as stream, open(archive, "rb") as source:
        trouble = None
        try:
            allowance = _Allowance(order["most_files"], order["most_bytes"])
            for name, content in _members(source, frozenset(order["left_out"]), allowance):
                wire.write_file(stream, f"work/{name}", content)
        except Refused as error:
            trouble = str(error)
        except (
            Exception
        ) as error:  # what archives can do to their readers has no end, and each is the archive's
            trouble = f"The archive can't be read: {error or type(error).__name__}"
        wire.end_files(stream, trouble)


def _members(
    source: BinaryIO, left_out: frozenset[str], allowance: _Allowance
) -> Iterator[tuple[str, bytes]]:
    if zipfile.is_zipfile(source):
        members = _of_zip(source, left_out, allowance)
    else:
        source.seek(0, os.SEEK_SET)
        members = _of_tar(source, left_out, allowance)
    seen: set[str] = set()
    for name, content in members:
        if name in seen:
            raise Refused(f"The archive holds {name!r} twice. Pack it again.")
        seen.add(name)
        yield name, content


def _path(name: str) -> PurePosixPath:
    """The path of a member, relative and without `..`."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(name) or "\0" in name:
        raise Refused(
            f"The archive wants to write outside its folder: {name!r}. Pack it again from inside your project."
        )
    return path


def _of_zip(source: BinaryIO, left_out: frozenset[str], allowance: _Allowance) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(source) as bundle:
        members = [(member, _path(member.filename)) for member in bundle.infolist()]
        for member, _ in members:
            if stat.S_ISLNK(member.external_attr >> 16):
                raise Refused(f"The archive holds a link: {member.filename!r}. Pack the file itself.")
        for member, path in members:
            if not member.is_dir() and not left_out.intersection(path.parts):
                with bundle.open(member) as content:
                    yield path.as_posix(), allowance.take(content)


def _of_tar(source: BinaryIO, left_out: frozenset[str], allowance: _Allowance) -> Iterator[tuple[str, bytes]]:
    try:
        bundle = tarfile.open(fileobj=source)  # noqa: SIM115 - closed below
    except tarfile.ReadError as error:
        raise Refused(
            "It is neither a .zip nor a .tar.gz archive, or it is damaged. Unpack it, and give the folder or a .zip of it."
        ) from error
    with bundle:
        for member in bundle:
            path = _path(member.name)
            if member.isdir() or left_out.intersection(path.parts):
                continue
            if not member.isreg():
                raise Refused(f"The archive holds something that is no plain file: {member.name!r}.")
            content = bundle.extractfile(member)
            assert content is not None
            yield path.as_posix(), allowance.take(content)

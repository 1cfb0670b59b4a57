"""Writes files into places that others can read or change."""

import contextlib
import os
import secrets
from pathlib import Path

from grader.errors import GraderError


def write(file: Path, content: bytes) -> None:
    """Write a file whole or not at all; what was in its place, a link included, is replaced and never followed.

    The bytes go into a file of a name that nobody can guess, which must not exist, in the same folder.

    Raises:
        GraderError: it can't be written.
    """
    partial = file.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(partial, flags, 0o644), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise GraderError(f"{file} can't be written: {error.strerror}.") from error

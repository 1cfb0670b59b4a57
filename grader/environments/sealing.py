"""The contents of a finished environment: made read-only, written down, and compared before each use."""

import hashlib
import json
import os
import re
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from packaging.utils import canonicalize_name

from grader.errors import EnvironmentUnavailable

_MOST_FILES = 200_000
_TIMES_ARE_SAFE = os.name != "nt"  # there, ctime is the time of creation


def contents(folder: Path) -> dict[str, str]:
    """What every entry of a folder is: a file's SHA-256, a link's target, or "folder"; by path, sorted."""
    found: dict[str, str] = {}
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(place, name)
            found[path.relative_to(folder).as_posix()] = _state(path)
            if len(found) > _MOST_FILES:
                raise EnvironmentUnavailable(
                    f"The packages that the submission declares have more than {_MOST_FILES:,} files."
                )
    return dict(sorted(found.items()))


def _state(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link {os.readlink(path)}"
    if stat.S_ISDIR(mode):
        return "folder"
    if not stat.S_ISREG(mode):
        return "neither file nor folder"
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1024 * 1024):
            whole.update(part)
    return f"file {mode & 0o111:o} {whole.hexdigest()}"


def check_skeleton(before: dict[str, str], after: dict[str, str]) -> None:
    """Raises EnvironmentUnavailable if a package has replaced what an environment is made of, or brought links.

    A package may bring files for any place of an environment. One that replaces `pyvenv.cfg` or `python` would choose
    which folders of this machine a sandbox shows.
    """
    for path, state in before.items():
        if after.get(path) != state:
            raise EnvironmentUnavailable(
                f"A package that the submission declares replaces {path} of its environment. It is not installed."
            )
    for path in after.keys() - before.keys():
        if not after[path].startswith(("file ", "folder")):
            raise EnvironmentUnavailable(
                "A package that the submission declares brings links. It is not installed."
            )


def list_installed(packages: Path) -> frozenset[str]:
    """List the packages installed in a folder, each as `name==version`, by the names of its records."""
    found = set()
    for record in packages.glob("*.dist-info"):
        match = re.fullmatch(r"(.+)-([^-]+)\.dist-info", record.name)
        if match:
            found.add(f"{canonicalize_name(match[1])}=={match[2]}")
    return frozenset(found)


def silence(packages: Path) -> None:
    """Take out what Python would run of packages as soon as it starts: code in .pth files, `sitecustomize`.

    A sandbox starts the interpreter first and closes its doors then. Code of a package runs where it is imported.
    https://docs.python.org/3/library/site.html
    """
    for path in sorted(packages.iterdir()):
        if path.name.partition(".")[0].lower() in ("sitecustomize", "usercustomize"):
            remove(path)
        elif path.name.lower().endswith(".pth") and path.is_file():
            lines = path.read_bytes().decode("utf-8-sig", errors="replace").splitlines()
            kept = [line for line in lines if not line.lstrip().startswith("import")]
            path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def seal(folder: Path, record: Path) -> None:
    """Make everything in a folder read-only, and write down what it is."""
    for place, _, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(place, name)
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)
        Path(place).chmod(stat.S_IMODE(Path(place).stat().st_mode) & ~0o222)
    record.write_text(json.dumps({"contents": contents(folder), "stamp": _stamp(folder)}), encoding="utf-8")


def is_sealed(folder: Path, record: Path) -> bool:
    """Whether a folder is exactly as it was when it was sealed.

    Where no file was touched since, as its times say, its contents are not read again. A kernel sets the time of the last
    change (ctime) itself; nobody can set it back.
    """
    try:
        sealed = json.loads(record.read_text(encoding="utf-8"))
        stamp = _stamp(folder)
        if _TIMES_ARE_SAFE and sealed["stamp"] == stamp:
            return True
        if sealed["contents"] != contents(folder):
            return False
        with suppress(OSError):  # moved here as a whole, by a copy of the cache
            record.write_text(json.dumps({**sealed, "stamp": stamp}), encoding="utf-8")
        return True
    except (OSError, ValueError, LookupError, TypeError, RecursionError, EnvironmentUnavailable):
        return False


def _stamp(folder: Path) -> str:
    """A digest of every entry's path, kind, size, place on the disk and times."""
    whole = hashlib.sha256()
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in (".", *sorted(files), *folders):
            path = os.path.join(place, name)
            found = os.lstat(path)
            facts = (path[len(str(folder)) :], found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns)
            whole.update(repr((*facts, found.st_ctime_ns)).encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def remove(folder: Path) -> None:
    """Delete a folder, read-only as it may be."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        return
    for place, _, _ in os.walk(folder):
        os.chmod(place, 0o700)
    shutil.rmtree(folder, ignore_errors=True)

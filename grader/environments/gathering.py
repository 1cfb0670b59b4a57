"""The one way in which a submission's package files are read, and what was found in them.

Only plain files inside the submission are opened, up to a size; links lead nowhere.
"""

import codecs
import os
import posixpath
import re
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from grader.environments.declaration import (
    MOST_IGNORED,
    Declaration,
    Unusable,
    canonical,
    canonical_versions,
    declare,
    readable,
)

MOST_BYTES = 512 * 1024  # of one file
_MOST_BYTES_LOCKED = 2 * 1024 * 1024
_MOST_FILES = 60
_MOST_TRIED = 3_000  # requirements that are looked at, of all files together
_MOST_DOTS = 100  # of one line of TOML: the time to read a dotted name grows with the square of its parts
_SHOWN = 80  # characters of a requirement in a sentence
_REFERENCE = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,98})\s{0,9}(\[[A-Za-z0-9._, -]{0,99}\])?\s{0,9}@\s{0,9}([^\s;]+)\s{0,9}(;.*)?"
)
# what `pip freeze` writes of packages that conda installed: names from an index all the same
_CONDA = re.compile(r"file:///(?:[A-Za-z]:/)?(?:croot|tmp/build|home/[a-z]+/feedstock_root|.*/(?:ci|croot)_)")
_BYTE_ORDERS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),  # what PowerShell's `>` writes
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def quote(text: str) -> str:
    """A part of a submission's file as a sentence may quote it: one line, short, without what follows an address' scheme."""
    plain = readable(text.strip(), _SHOWN)
    return re.sub(r"(\w+://)\S*", r"\1…", plain)  # an address may hold a password


@dataclass
class Gathering:
    """Requirements and sentences, in the order in which files say them.

    Attributes:
        root: the submission.
        wanted: canonical requirements, by the name of their package.
        locked: versions that lock files name, by package.
        python: the first range of Python versions that was found.
        declares: whether any file names what it needs, or tries to.
        needed: packages that the work needs to run; what else is wanted is for developers, or an extra.
    """

    root: Path
    wanted: dict[str, list[str]] = field(default_factory=dict)
    locked: dict[str, str] = field(default_factory=dict)
    python: str | None = None
    declares: bool = False
    needed: set[str] = field(default_factory=set)
    _beside: bool = False
    _ignored: list[str] = field(default_factory=list)
    _read: set[str] = field(default_factory=set)
    _tried: int = 0

    @contextmanager
    def beside(self, apply: bool = True) -> Iterator[None]:
        """What is added in this context is for developers, or an extra: installed where it fits."""
        before, self._beside = self._beside, self._beside or apply
        try:
            yield
        finally:
            self._beside = before

    def ignore(self, where: str, what: str) -> None:
        """Note something that has no effect; `what` ends a sentence that begins with its place."""
        if len(self._ignored) <= 2 * MOST_IGNORED:  # beyond that they are only counted as more
            self._ignored.append(f"{readable(where, 120)}: {what}")

    def add(self, text: str, where: str) -> None:
        """Take one requirement, or note why it is not taken."""
        self.declares = True
        self._tried += 1
        if self._tried >= _MOST_TRIED:
            if self._tried == _MOST_TRIED:
                self.ignore(where, f"what follows the first {_MOST_TRIED} requirements is ignored.")
            return
        if match := _REFERENCE.fullmatch(text.strip()[:1000]):
            self.add_reference(match[1] + (match[2] or ""), match[3], match[4] or "", where)
            return
        try:
            made = canonical(text.strip())
        except Unusable as error:
            self.ignore(where, f"{quote(text)} is ignored: {error}.")
            return
        name = canonicalize_name(Requirement(made).name)
        earlier = self.wanted.setdefault(name, [])
        if not self._beside:
            self.needed.add(name)
        if any(_exclude_each_other(made, other) for other in earlier):
            self.ignore(where, f"{quote(made)} is ignored: {quote(earlier[0])} was asked for before.")
        elif made not in earlier:
            earlier.append(made)

    def add_reference(self, name: str, address: str, marker: str, where: str) -> None:
        """Take the name of a package that was given with an address, if an index may know it; never the address."""
        self.declares = True
        if address.startswith(("http:", "https:", "git+", "git:", "ssh:")) or _CONDA.match(address):
            self.ignore(
                where,
                f"the address of {quote(name)} is ignored; the package comes from the grader's index.",
            )
            self.add(f"{name} {marker}", where)
        else:
            self.ignore(where, f"{quote(name)} is ignored: it names a path instead of versions.")

    def ask_python(self, text: str, where: str) -> None:
        """Take the versions of Python that the work asks for, if nothing named any before."""
        try:
            versions = canonical_versions(text.strip())
        except Unusable:
            self.ignore(where, "its versions of Python are ignored: they are no range.")
            return
        self.python = self.python or versions or None

    def read(self, path: str, *, again: bool = False, locked: bool = False) -> str | None:
        """The text of a plain file of the submission; None if there is none, or if it was read before.

        Args:
            path: relative to the submission, with forward slashes.
            again: also if it was read before.
            locked: whether it may have the size of a lock file.
        """
        name = posixpath.normpath(path)
        if (name in self._read and not again) or len(self._read) >= _MOST_FILES or not self.holds(name):
            return None
        self._read.add(name)
        most = _MOST_BYTES_LOCKED if locked else MOST_BYTES
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            with os.fdopen(os.open(self.root / name, flags), "rb") as file:
                content = file.read(most + 1)
        except (OSError, ValueError):
            self.ignore(name, "the file can't be read.")
            return None
        if len(content) > most:
            self.ignore(name, f"the file is ignored: it is larger than {most // 1024} KB.")
            return None
        encoding = next((name for mark, name in _BYTE_ORDERS if content.startswith(mark)), "utf-8")
        return content.decode(encoding, errors="replace")

    def read_toml(self, path: str, *, locked: bool = False) -> dict[str, Any]:
        """The tables of a TOML file; none if it is missing or can't be read."""
        text = self.read(path, locked=locked)
        if text is not None and any(line.count(".") > _MOST_DOTS for line in text.splitlines()):
            self.ignore(path, "the file is ignored: a name in it has too many parts.")
            return {}
        try:
            return tomllib.loads(text) if text is not None else {}
        except (ValueError, RecursionError, MemoryError):
            self.ignore(path, "the file is ignored: it is not TOML.")
            return {}

    def holds(self, path: str, *, folder: bool = False) -> bool:
        """Whether a path leads to a plain file (or folder) inside the submission, without a link on its way."""
        name = posixpath.normpath(path)
        if not name or name.startswith(("/", "..")) or "\0" in name or len(name) > 400:
            return False
        place = self.root
        try:
            mode = place.stat().st_mode
            for part in name.split("/"):
                place = place / part
                mode = place.lstat().st_mode
                if stat.S_ISLNK(mode):
                    return False
        except (OSError, ValueError):
            return False
        return stat.S_ISDIR(mode) if folder else stat.S_ISREG(mode)

    def declaration(self) -> Declaration:
        """What was found, with the versions of lock files where nothing more exact is asked for."""
        requirements = []
        for name, texts in self.wanted.items():
            requirements += texts
            version = self.locked.get(name)
            if version is not None and all(_allows(text, version) for text in texts):
                requirements.append(f"{name}=={version}")
        limits = [f"{name}=={version}" for name, version in self.locked.items() if name not in self.wanted]
        return declare(requirements, self.python, self._ignored, self.wanted.keys() - self.needed, limits)


def within(folder: str, path: str) -> str | None:
    """A path that a file in `folder` names, relative to the submission; None if it leads out of it."""
    plain = path.strip().strip("\"'").replace("\\", "/")
    if not plain or plain.startswith(("/", "~")) or ":" in plain or "\0" in plain:
        return None
    name = posixpath.normpath(posixpath.join(folder, plain))
    return None if name.startswith("..") else name


def _pins(specifier: SpecifierSet) -> list[str]:
    return [part.version for part in specifier if part.operator in ("==", "===") and "*" not in part.version]


def _exclude_each_other(one: str, other: str) -> bool:
    """Whether one asks for an exact version that the other forbids, wherever both hold."""
    first, second = Requirement(one), Requirement(other)
    if first.marker != second.marker:
        return False
    return any(not second.specifier.contains(pin, prereleases=True) for pin in _pins(first.specifier)) or any(
        not first.specifier.contains(pin, prereleases=True) for pin in _pins(second.specifier)
    )


def _allows(text: str, version: str) -> bool:
    requirement = Requirement(text)
    return (
        requirement.marker is None
        and not _pins(requirement.specifier)
        and requirement.specifier.contains(version, prereleases=True)
    )

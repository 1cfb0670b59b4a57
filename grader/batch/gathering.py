"""Gathers one learner's submission from the files and folders that a platform made of it."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from grader.batch import evidence_store
from grader.batch.download import Piece
from grader.batch.platforms import ARCHIVE, ATTEMPTS, PROGRAM, Label
from grader.batch.rounds import Round, last_round
from grader.errors import SubmissionError
from grader.intake.bounds import MAX_BYTES, MAX_FILES, raise_if_ours

_AGAIN = re.compile(r"(?P<stem>.+)-\d{1,3}(?P<suffix>\.(?:py|ipynb))", re.IGNORECASE)


@dataclass(frozen=True)
class Item:
    """An uppermost file or folder of a download. `inner`: for each piece its path below the folder; empty for a file."""

    label: Label
    path: str
    is_folder: bool
    pieces: tuple[Piece, ...]
    inner: Mapping[str, str]

    @property
    def is_spread(self) -> bool:
        """Whether its files have to be put together: they lie in a bucket, or in several folders."""
        folder = f"{self.path}/"
        return self.path.startswith("s3://") or not all(
            each.path.startswith(folder) for each in self.pieces if each.count
        )

    @property
    def changed(self) -> datetime | None:
        """When the latest of its files was."""
        return max((piece.changed for piece in self.pieces if piece.changed), default=None)


@dataclass(frozen=True)
class Gathered:
    """See `discovery.HandedIn`. `why`: for each piece that is not graded, the reason."""

    path: str
    files: tuple[tuple[str, str], ...] = ()
    changed: datetime | None = None
    trouble: str = ""
    notes: tuple[str, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _File:
    """A file of a submission: its name there, and the later of two by `order`, then by `changed`."""

    name: str
    piece: Piece
    order: int

    @property
    def rank(self) -> tuple[int, float]:
        """A later file has a higher one."""
        return self.order, self.piece.changed.timestamp() if self.piece.changed else 0.0


def gather(items: Sequence[Item]) -> Gathered:
    """One submission from everything that carries one key."""
    changed = max((item.changed for item in items if item.changed), default=None)
    why: dict[str, str] = {}
    programs = [item for item in items if not item.label.typed]
    for item in items:
        if item.label.typed:
            why |= {piece.name: f"It is {item.label.typed}." for piece in item.pieces}
    if not programs:
        trouble = f"There is nothing to grade: only {items[0].label.typed}, was handed in."
        return Gathered(items[0].path, (), changed, trouble, (), why)
    notes: tuple[str, ...] = ()
    if items[0].label.platform in ATTEMPTS:
        last = max(item.label.order for item in programs)
        earlier = [item for item in programs if item.label.order < last]
        for item in earlier:
            why |= {piece.name: "An earlier attempt: the last one counts." for piece in item.pieces}
        count = len({item.label.order for item in programs})
        notes = (f"{count} attempts were handed in: the last one counts.",) if earlier else ()
        programs = [item for item in programs if item.label.order == last]
    made = _of_one_attempt(items, programs, changed, why)
    return replace(made, notes=(*made.notes, *notes))


def _of_one_attempt(
    items: Sequence[Item], programs: Sequence[Item], changed: datetime | None, why: dict[str, str]
) -> Gathered:
    lost = [piece for item in programs for piece in item.pieces if piece.left_out and piece.count]
    if lost and all(piece.left_out for item in programs for piece in item.pieces):
        trouble = f"There is nothing to grade: {Path(lost[0].name).name}. {lost[0].left_out}"
        return Gathered(items[0].path, (), changed, trouble, (), why)
    if items[0].label.platform == "plain":
        return _later_one(programs, changed, why)
    return _files(programs, changed, why)


def _later_one(items: Sequence[Item], changed: datetime | None, why: dict[str, str]) -> Gathered:
    """Of a folder and archives that go by one name, the one that was changed last."""
    ranked = sorted(items, key=lambda item: item.changed.timestamp() if item.changed else 0.0)
    last = ranked[-1]
    if len(items) == 1:
        return _whole(last, changed, why)
    names = [Path(item.path).name for item in ranked]
    if ranked[-2].changed == last.changed:
        trouble = f"Which one is meant? {' and '.join(names)} go by one name and are equally old. Remove the others."
        return Gathered(last.path, (), changed, trouble, (trouble,), why)
    for item in ranked[:-1]:
        why |= {
            piece.name: f"An earlier one: {names[-1]} was changed later, and counts." for piece in item.pieces
        }
    one = _whole(last, changed, why)
    note = f"{names[-1]} counts; {', '.join(names[:-1])} is older."
    return Gathered(one.path, one.files, changed, one.trouble, (*one.notes, note), one.why)


def _whole(item: Item, changed: datetime | None, why: dict[str, str]) -> Gathered:
    if item.is_folder and (
        last := last_round(
            {piece.name: item.inner[piece.name] for piece in item.pieces if piece.count}, item.label.name
        )
    ):
        return _last_round(item, last, changed, why)
    if item.is_folder and item.is_spread:
        return Gathered(item.path, _listed(_files_of(item)), changed, "", (), why)
    if item.is_folder or ARCHIVE.search(item.path) or not PROGRAM.search(item.path):
        return Gathered(item.path, (), changed, "", (), why)
    return Gathered(item.path, _listed(_files_of(item)), changed, "", (), why)


def _last_round(item: Item, last: Round, changed: datetime | None, why: dict[str, str]) -> Gathered:
    why |= last.why
    files = [
        _File(last.files[piece.name], piece, 0)
        for piece in item.pieces
        if piece.name in last.files and not piece.left_out
    ]
    notes = (last.note,) if last.note else ()
    if len(files) == 1 and ARCHIVE.search(files[0].name):
        return Gathered(files[0].piece.path, (), changed, "", notes, why)
    return Gathered(item.path, _listed(_apart(files)), changed, "", notes, why)


def _files(items: Sequence[Item], changed: datetime | None, why: dict[str, str]) -> Gathered:
    """Loose files and folders, put together; of several archives the later one counts."""
    files = [file for item in items for file in _files_of(item)]
    if items[0].label.platform == "canvas":
        files = _renamed_back(files, why)
    notes: list[str] = []
    archives = sorted(
        (file for file in files if ARCHIVE.search(file.name) and "/" not in file.name), key=_rank
    )
    if len(archives) > 1:
        last, names = archives[-1], [file.name for file in archives]
        if archives[-2].rank == last.rank:
            trouble = (
                f"Which one is meant? {' and '.join(names)} were handed in, and nothing says which is later."
            )
            return Gathered(items[0].path, (), changed, trouble, (trouble,), why)
        why |= {
            file.piece.name: f"An earlier archive: {last.name} is later, and counts."
            for file in archives[:-1]
        }
        notes.append(f"{len(archives)} archives were handed in: {last.name} is the later one, and counts.")
        files = [file for file in files if file not in archives[:-1]]
    if archives and any(PROGRAM.search(file.name) and "/" not in file.name for file in files):
        notes.append(
            f"Programs lie beside {archives[-1].name}: they were graded, and what is in the archive was not."
        )
        why[archives[-1].piece.name] = "Programs lie beside this archive: they were graded instead."
        files = [file for file in files if file is not archives[-1]]
    if len(items) == 1 and items[0].is_folder and len(archives) < 2 and not notes:
        if archives and len(files) == 1:
            return Gathered(files[0].piece.path, (), changed, "", (), why)
        if not items[0].path.startswith("s3://"):
            return Gathered(items[0].path, (), changed, "", (), why)
    if archives and len(files) == 1:
        return Gathered(files[0].piece.path, (), changed, "", tuple(notes), why)
    return Gathered(items[0].path, _listed(_apart(files)), changed, "", tuple(notes), why)


def _renamed_back(files: Sequence[_File], why: dict[str, str]) -> list[_File]:
    """Programs by the names that their learner gave them: what is handed in again, Canvas calls `main-1.py`.

    Where both are there, the later one counts.
    """
    latest: dict[str, _File] = {}
    for file in sorted(files, key=_rank):
        again = _AGAIN.fullmatch(file.name)
        name = f"{again['stem']}{again['suffix']}" if again else file.name
        before = latest.get(name)
        if before is not None:
            why[before.piece.name] = f"An earlier one: {file.name} was handed in later, and counts."
        latest[name] = _File(name, file.piece, file.order)
    return list(latest.values())


def _rank(file: _File) -> tuple[int, float]:
    return file.rank


def _files_of(item: Item) -> list[_File]:
    """The plain files of an item, by the names that their learner gave them."""
    found = []
    for piece in item.pieces:
        if piece.left_out or piece.name.endswith("/"):
            continue
        name = item.inner[piece.name] if item.is_folder else item.label.file
        found.append(_File(name or Path(item.path).name, piece, item.label.order))
    return found


def _apart(files: Sequence[_File]) -> list[_File]:
    """Of two files that go by one name, as two folders may hold, each keeps one of its own."""
    names: dict[str, _File] = {}
    for file in files:
        name, number = file.name, 2
        while name in names:
            folder, _, last = file.name.rpartition("/")
            name, number = f"{folder + '/' if folder else ''}{number}-{last}", number + 1
        names[name] = _File(name, file.piece, file.order)
    return list(names.values())


def _listed(files: Iterable[_File]) -> tuple[tuple[str, str], ...]:
    return tuple((file.name, file.piece.path) for file in files)


def content_of(files: Iterable[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of files on this machine or in a bucket; a link is not followed.

    Raises:
        SubmissionError: there are too many, they are too large, or one can't be read.
    """
    size = 0
    for count, (name, path) in enumerate(files, 1):
        if count > MAX_FILES:
            raise SubmissionError(
                f"The submission has more than {MAX_FILES} files. Leave out virtual environments and data."
            )
        content = _content(name, path, MAX_BYTES - size)
        size += len(content)
        yield name, content


def _content(name: str, path: str, most: int) -> bytes:
    try:
        if path.startswith("s3://"):
            prefix, _, last = path.rpartition("/")
            found = evidence_store.Bucket(prefix).get(last)
            if found is None:
                raise SubmissionError(f"{path} is not there any more.")
            content = found
        else:
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as source:
                content = source.read(most + 1)
    except OSError as error:
        raise_if_ours(error)
        raise SubmissionError(f"{name} can't be read: {error.strerror}.") from error
    if len(content) > most:
        raise SubmissionError(
            f"The submission is larger than {MAX_BYTES // 1024**2} MB. Leave out virtual environments and data."
        )
    return content

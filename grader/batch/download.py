"""Lists the files of a class's work: in a folder, a platform's ZIP, or a bucket.

Nothing in a file is looked at. A platform's ZIP is taken apart in a sandbox, once, and kept beside the results.
"""

import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from grader.batch import evidence_store, names, platforms
from grader.batch.split_downloads import find_parts, is_part
from grader.errors import GraderError, SubmissionError
from grader.files import write
from grader.inside import wire
from grader.inside.downloads import INDEX
from grader.inside.policy import Ceilings
from grader.intake.bounds import LEFT_OUT, MAX_BYTES
from grader.sandbox import Order, Sandbox, Tier

MOST_FILES, MOST_MEGABYTES = 100_000, 8 * 1024
_TEAMS = ("Submitted files", "Working files")  # of the folder "Student Work", which Teams keeps in SharePoint
_MOST_AROUND = 4  # folders around the class's own
_SECONDS = 900.0
_CEILINGS = Ceilings(file=MOST_MEGABYTES + 64)
HISTORY = ".git"
CLASS_RECORD = "class.toml"
METADATA = "submission_metadata.yml"  # in a bulk export of Gradescope's


@dataclass(frozen=True)
class Piece:
    """One file of a download, or several in one folder that nobody reads.

    `name`: its path there, with `/`; a folder's ends in one. `path`: where its bytes are, on this machine or in a bucket.
    `changed`: as the place that keeps it says; None if it says nothing. `left_out`: why it was rejected. `count`: how
    many files it stands for; 0 for an empty folder.
    """

    name: str
    path: str
    changed: datetime | None = None
    left_out: str = ""
    count: int = 1

    @property
    def is_the_system_s(self) -> bool:
        """Whether it is what macOS and Windows leave among other files."""
        parts = self.name.rstrip("/").split("/")
        return "__MACOSX" in parts or parts[-1].casefold() in (".ds_store", "thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Download:
    """`root`: the folder in which the pieces lie, or the bucket's URL. `inside`: the folder in it that holds the class,
    ending in `/`; empty if the root does. `parts`: the folders, if the class lies in several."""

    root: str
    pieces: Sequence[Piece]
    inside: str = ""
    parts: tuple[str, ...] = ()

    def placed(self, piece: Piece) -> tuple[str, str]:
        """The uppermost file or folder of the class that a piece is, or lies in; and its path below that.

        Both are empty for what lies beside the class.
        """
        inside = self.folder_of(piece)
        if not piece.name.startswith(inside):
            return "", ""
        top, _, within = piece.name[len(inside) :].partition("/")
        return top, within

    def folder_of(self, piece: Piece) -> str:
        """The folder of the class that a piece lies in, ending in `/`."""
        return next((each for each in self.parts if piece.name.startswith(each)), self.inside)

    @property
    def files(self) -> int:
        """How many files there are."""
        return sum(piece.count for piece in self.pieces)


def of_folder(root: Path, without: Sequence[Path] = ()) -> Download:
    """Every file below a folder. Links are not followed.

    Args:
        without: folders and files that are no part of it, such as the one for the results.
    """
    apart = {path.resolve() for path in without}
    return Download(str(root), list(_below(root, "", apart)))


def _below(folder: Path, above: str, apart: set[Path]) -> Iterator[Piece]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Piece(above or "./", str(folder), left_out=f"The folder can't be read: {error.strerror}.")
        return
    if not entries and above:
        yield Piece(above, str(folder), left_out="The folder is empty.", count=0)
    for entry in entries:
        path, name = Path(entry.path), above + entry.name
        if apart and path.resolve() in apart:
            continue
        facts = entry.stat(follow_symlinks=False)
        changed = datetime.fromtimestamp(facts.st_mtime, UTC)
        if stat.S_ISREG(facts.st_mode):
            yield Piece(name, str(path), changed)
        elif stat.S_ISDIR(facts.st_mode):
            if entry.name in LEFT_OUT:
                yield _passed_over(path, f"{name}/", changed)
            else:
                yield from _below(path, f"{name}/", apart)
        else:
            kind = "a link" if stat.S_ISLNK(facts.st_mode) else "no plain file"
            yield Piece(name, str(path), changed, f"It is {kind}.")


def _passed_over(folder: Path, name: str, changed: datetime) -> Piece:
    count = sum(len(files) for _, _, files in os.walk(folder))
    why = "" if folder.name == HISTORY else f"Folders called {folder.name} are no part of a submission."
    return Piece(name, str(folder), changed, why, count)


def of_bucket(url: str) -> Download:
    """Every object below a prefix."""
    base = url.rstrip("/")
    pieces = []
    for name, changed in sorted(evidence_store.Bucket(url).listed()):
        if name.endswith("/") or not name:
            pieces.append(Piece(name or "/", base, changed, "It stands for a folder, and holds nothing.", 1))
        elif any(part in ("", ".", "..") for part in name.split("/")):
            pieces.append(Piece(name, f"{base}/{name}", changed, "Its name leads outside the download."))
        else:
            pieces.append(Piece(name, f"{base}/{name}", changed))
    return Download(base, pieces)


def of_zip(archive: Path, keep: Path, tier: Tier) -> Download:
    """Every member of a platform's ZIP, unpacked below a folder unless it lies there already.

    Raises:
        SubmissionError: it is no ZIP, or is too large.
        GraderError: this machine's trouble.
    """
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    place = keep / digest[:24]
    if not (place / INDEX).is_file():
        shutil.rmtree(place, ignore_errors=True)  # of a run that was cut short
        _unpack(archive, place, tier)
    index = json.loads((place / INDEX).read_text(encoding="utf-8"))
    pieces = [
        Piece(name, str(place / "files" / name), datetime.fromisoformat(changed).replace(tzinfo=UTC), why)
        for name, changed, why in index
    ]
    return Download(str(place / "files"), pieces)


def of_zips_of_one(plain: Download, keep: Path, choose: Callable[[], Tier]) -> Download | None:
    """The members of several ZIPs in a folder, each below a folder of the ZIP's name; None if they are not parts of one download.

    Raises:
        SubmissionError, GraderError: see `of_zip`.
    """
    archives = [piece for piece in plain.pieces if is_part(piece.name) and not piece.left_out]
    others = [piece for piece in plain.pieces if piece not in archives]
    beside = [piece for piece in others if not piece.is_the_system_s and not piece.name.startswith(".")]
    if len(archives) < 2 or any(piece.name != CLASS_RECORD for piece in beside):
        return None
    tier = choose()
    members = [
        replace(member, name=f"{piece.name}/{member.name}")
        for piece in archives
        for member in of_zip(Path(piece.path), keep, tier).pieces
    ]
    return Download(plain.root, [*others, *members])


def of_zip_in_a_bucket(url: str, keep: Path, tier: Tier) -> Download:
    """See `of_zip`; the ZIP is brought here first."""
    prefix, _, name = url.rpartition("/")
    content = evidence_store.Bucket(prefix).get(name)
    if content is None:
        raise SubmissionError(f"There is nothing at {url}.")
    with tempfile.TemporaryDirectory() as place:
        archive = Path(place) / "download.zip"
        archive.write_bytes(content)
        return of_zip(archive, keep, tier)


def _unpack(archive: Path, place: Path, tier: Tier) -> None:
    with tempfile.TemporaryFile() as plain, archive.open("rb") as source:
        with Sandbox(tier, ceilings=_CEILINGS) as sandbox:
            order = Order(
                do="unpack-download",
                name="unpack-download",
                cwd=sandbox.root,
                environment=sandbox.environment(),
                facts={
                    "most_files": MOST_FILES,
                    "most_bytes": MOST_MEGABYTES * 1024**2,
                    "most_of_one": MAX_BYTES,
                },
            )
            with sandbox.start(order, [plain.fileno(), source.fileno()]) as job:
                code = job.wait(_SECONDS)
        if code is None:
            raise SubmissionError(f"{archive} can't be unpacked within {_SECONDS:g} seconds.")
        plain.seek(0)
        troubles: dict[str, str] = {}
        index = b""
        try:
            for name, content in wire.read_files(plain, MOST_FILES + 1, (MOST_MEGABYTES + 32) * 1024**2):
                if name == INDEX:
                    index = content
                elif trouble := _put(place, name, content):
                    troubles[name.removeprefix("files/")] = trouble
        except wire.Trouble as error:
            raise SubmissionError(
                f"{archive}: {error}. Give the ZIP that the platform made, or a folder."
            ) from error
        except wire.WireError as error:
            raise GraderError(f"{archive} could not be unpacked: {error}.") from error
    listed = [
        [str(name), str(changed), str(why) or troubles.get(str(name), "")]
        for name, changed, why in json.loads(index)
    ]
    (place / "files").mkdir(parents=True, exist_ok=True)
    write(place / INDEX, json.dumps(listed).encode())


def _put(place: Path, name: str, content: bytes) -> str:
    """Write one file; why it can't be written, if it can't."""
    if not name.startswith("files/"):
        return "Its name leads outside the download."
    try:
        wire.put_file(str(place), name, content)
    except wire.WireError as error:
        return f"It can't be written: {error}."
    except OSError as error:
        return f"It can't be written beside the others: {error.strerror}."
    return ""


def innermost(download: Download, known: Callable[[str], bool] = lambda name: False) -> Download:
    """The folder that holds the class: a ZIP, packed again by hand, often has one folder around everything.

    Only a platform's names in it, or those of the class, say that a folder is the class's, and no learner's.
    """
    inside = ""
    for _ in range(_MOST_AROUND):
        own = [
            piece.name.removeprefix(inside)
            for piece in download.pieces
            if not piece.is_the_system_s and piece.name != CLASS_RECORD
        ]
        tops = {name.partition("/")[0] for name in own}
        if not inside and tops == {*_TEAMS}:
            inside = f"{_TEAMS[0]}/"  # the other one holds drafts
            own = [name.removeprefix(inside) for name in own if name.startswith(inside)]
            tops = {name.partition("/")[0] for name in own}
            if len([name for name in tops if names.tells(name, known)]) * 2 >= len(tops) > 1:
                return replace(download, inside=inside)
        if len(tops) != 1 or any(name in tops for name in own):
            return replace(download, parts=find_parts(own, inside, known))
        [top] = tops
        inside += f"{top}/"
        below = {name.split("/")[1] for name in own} - {""}
        if METADATA in below or platforms.labels(sorted(below)):
            return replace(download, inside=inside)
        recognised = [name for name in below if names.tells(name, known)]
        if len(recognised) > 1 and len(recognised) * 2 >= len(below):
            return replace(download, inside=inside)
    return download

"""What a class handed in: submissions in a folder, as people and learning platforms leave them there.

Layouts: a folder of folders and archives; Canvas' download (`adalovelace_LATE_123_456_work.zip`); Moodle's, in folders
or not (`Ada Lovelace_123_assignsubmission_file_/work.zip`); GitHub Classroom's (`lab-submissions/lab-ada/`); a text
file of git URLs, one a line, each with a name before it if you like (`ada https://…`).
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError, SubmissionError
from grader.intake import courier
from grader.sandbox import Tier

_ARCHIVE = re.compile(r"\.(zip|tar|tar\.(gz|bz2|xz)|tgz|tbz2|txz|bundle)$", re.IGNORECASE)
_CANVAS = re.compile(r"^(?P<name>[^_]+)_(?:LATE_)?(?P<user>\d+)_(?P<number>\d+)_.+$", re.IGNORECASE)
_MOODLE = re.compile(r"^(?P<name>.+)_(?P<user>\d+)_assignsubmission_(?P<kind>file|onlinetext)(?:_.*)?$")
_URL = re.compile(r"^(?:(?P<name>\S+)\s+)?(?P<url>(?:https?|ssh|git|file)://\S+|git@\S+)$")
_PROJECT = re.compile(r"^(pyproject\.toml|requirements.*\.txt|setup\.py|.*\.py|src|app)$")


@dataclass(frozen=True)
class HandedIn:
    """One learner's submission: where it is, by which name to show it, and by what else its owner may be known."""

    name: str
    path: str
    handles: tuple[str, ...] = ()


def found(where: str) -> list[HandedIn]:
    """Every submission at a place, by name; the latest where a learner handed in more than one.

    Args:
        where: a folder, a file of git URLs, or `s3://bucket/prefix` with archives.

    Raises:
        SubmissionError: there is nothing, or one submission where a class was asked for.
    """
    place = Path(where)
    if where.startswith("s3://"):
        everything = list(_in_bucket(where))
    elif place.is_file():
        everything = list(_listed(place))
    elif place.is_dir():
        if any(_PROJECT.match(entry.name) for entry in place.iterdir()):
            raise SubmissionError(
                f"{place} looks like one submission: it holds code itself. Give the folder that holds the class's "
                "submissions, or grade this one with: grader check"
            )
        everything = list(_in_folder(place))
    else:
        raise SubmissionError(f"There is nothing at {place}. The folder you are in is {Path.cwd()}.")
    if not everything:
        raise SubmissionError(
            f"No submission was found in {where}: neither folders nor archives (.zip, .tar.gz)."
        )
    latest: dict[str, tuple[int, HandedIn]] = {}
    for order, one in everything:
        if one.name not in latest or order >= latest[one.name][0]:
            latest[one.name] = (order, one)
    return sorted((one for _, one in latest.values()), key=lambda one: (one.name.casefold(), one.name))


def _listed(file: Path) -> Iterator[tuple[int, HandedIn]]:
    """Git URLs, one a line; blank lines and those with # are passed over."""
    if _ARCHIVE.search(file.name):
        raise SubmissionError(f"{file} is an archive. Unpack it, and give the folder with the submissions.")
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        text = line.partition("#")[0].strip() if not _URL.match(line.strip()) else line.strip()
        if not text:
            continue
        match = _URL.match(text)
        if not match:
            raise SubmissionError(
                f"{file}, line {number}: {text[:60]!r} is no git URL. Write one a line, with a name before it if you like."
            )
        url = match["url"]
        parts = url.rstrip("/").removesuffix(".git").split("/")
        name = match["name"] or (f"{parts[-2]}-{parts[-1]}" if len(parts) > 1 else parts[-1])
        yield number, HandedIn(name, url, (name, parts[-1]))


def _in_folder(place: Path) -> Iterator[tuple[int, HandedIn]]:
    entries = sorted(
        entry
        for entry in place.iterdir()
        if not entry.name.startswith((".", "__MACOSX"))
        and not entry.is_symlink()
        and (entry.is_dir() or _ARCHIVE.search(entry.name))
    )
    prefix = _common_prefix([entry.name for entry in entries if entry.is_dir()])
    for entry in entries:
        if moodle := _MOODLE.match(_stem(entry)):
            if moodle["kind"] == "file":
                handles = (moodle["name"], moodle["user"], f"Participant {moodle['user']}")
                yield 0, HandedIn(moodle["name"], str(_single_archive(entry) or entry), handles)
        elif entry.is_file() and (canvas := _CANVAS.match(entry.name)):
            known_as = (canvas["name"], canvas["user"])
            yield int(canvas["number"]), HandedIn(canvas["name"], str(entry), known_as)
        else:
            name = _stem(entry)
            short = name.removeprefix(prefix) or name
            yield 0, HandedIn(short, str(_single_archive(entry) or entry), (short, name))


def _in_bucket(url: str) -> Iterator[tuple[int, HandedIn]]:
    from grader.batch.vault import Bucket

    base = url.rstrip("/")
    for name in Bucket(url).names():
        if _ARCHIVE.search(name):
            short = _ARCHIVE.sub("", name.rpartition("/")[2])
            yield 0, HandedIn(short, f"{base}/{name}", (short, name))


def _stem(entry: Path) -> str:
    return _ARCHIVE.sub("", entry.name) if entry.is_file() else entry.name


def _single_archive(folder: Path) -> Path | None:
    """The archive in a folder that holds nothing else."""
    if not folder.is_dir():
        return None
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX"))]
    if len(entries) == 1 and entries[0].is_file() and _ARCHIVE.search(entries[0].name):
        return entries[0]
    return None


def _common_prefix(names: Sequence[str]) -> str:
    """What GitHub Classroom puts before every name: the assignment and a dash."""
    if len(names) < 3:
        return ""
    first, last = min(names), max(names)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), 0)
    return first[: first.rfind("-", 0, same) + 1]


def digest_of(one: HandedIn, tier: Tier) -> str:
    """What a submission is, without looking into it: the same bytes, the same digest.

    Raises:
        SubmissionError: it is not there, or its folder holds what can't be read.
        GraderError: this machine's trouble.
    """
    path = Path(one.path)
    whole = hashlib.sha256()
    if one.path.startswith("s3://"):
        from grader.batch.vault import Bucket

        prefix, _, name = one.path.rpartition("/")
        whole.update(Bucket(prefix).get(name) or b"")
        return whole.hexdigest()
    if courier.is_repository(one.path):
        whole.update(f"{one.path}\0".encode() + courier.refs_of(one.path, tier))
        return whole.hexdigest()
    try:
        if path.is_file():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        for name, content in courier.plain_files(path):
            whole.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    except OSError as error:
        raise GraderError(f"{one.path} can't be read: {error.strerror}.") from error
    return whole.hexdigest()

"""Finds the submissions of a class as people and learning platforms store them.

A place is a folder, a platform's ZIP, a bucket's prefix, or a text file of git URLs, one a line, each with a name before it
if you like (`ada https://…`). The platform's identifier says which files belong together, never a name: see
`grader.batch.platforms`.
"""

import hashlib
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from grader.batch import download, evidence_store, gathering, gradescope, labelling, names, platforms
from grader.batch.download import Download, Piece
from grader.batch.gathering import Item
from grader.batch.platforms import ARCHIVE, Label
from grader.errors import GraderError, SubmissionError
from grader.inside.repositories import without_key
from grader.intake import courier
from grader.sandbox import Tier, choose_tier

_URL = re.compile(r"^(?:(?P<name>\S+)\s+)?(?P<url>(?:https?|ssh|git|file)://\S+|git@\S+)$")
_PROJECT = re.compile(
    r"^(pyproject\.toml|requirements.*\.txt|setup\.py|manage\.py|main\.py|app\.py|conftest\.py|test_.*\.py|src|app)$"
)


@dataclass(frozen=True)
class Member:
    """One of those who handed something in together, as the platform names them."""

    name: str
    id: str = ""
    email: str = ""


@dataclass(frozen=True)
class HandedIn:
    """One submission: where it is, and what is known of its owner.

    `name`: nobody else's, and the same in every run. `path`: a folder, a file, a URL. `handles`: by what else its owner
    may be known. `files`: what it consists of, if that is not all of `path`: the name in the submission, and where the
    bytes are. `label`: what the platform's name says. `members`: whose it is, where the platform says so itself.
    `changed`: when the latest of its files was, on the disk. `submitted`: when it was handed in, where the platform says so.
    `trouble`: why nothing in it can be graded, known without looking. `notes`: what a person should know of it.
    """

    name: str
    path: str
    handles: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    label: Label | None = None
    members: tuple[Member, ...] = ()
    changed: datetime | None = None
    submitted: datetime | None = None
    trouble: str = ""
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """By which name to show it where its owner is not known."""
        return " & ".join(member.name for member in self.members) or self.name

    @property
    def late(self) -> bool:
        """Whether the platform marks it as late."""
        return self.label is not None and self.label.late


@dataclass(frozen=True)
class Found:
    """A place, sorted out. `whose`: for each piece the submission that it is a part of. `why`: why a piece is part of none,
    or is not graded; every piece is in one of the two at least."""

    submissions: tuple[HandedIn, ...]
    download: Download | None = None
    whose: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)


def find_submissions(where: str) -> list[HandedIn]:
    """Every submission at a place, by name."""
    return list(sort_out(where).submissions)


def sort_out(
    where: str,
    *,
    tier: Tier | None = None,
    keep: Path | None = None,
    without: Sequence[Path] = (),
    known: Callable[[str], bool] = lambda name: False,
) -> Found:
    """Every submission at a place, and an account of each file there.

    Args:
        where: a folder, a ZIP, a file of git URLs, or `s3://bucket/prefix`.
        tier: how to keep apart what takes a ZIP apart; by default the best there is.
        keep: the folder for a ZIP's files.
        without: what lies at the place and is no part of it.
        known: whether the class has somebody of that name or identifier.

    Raises:
        SubmissionError: there is nothing, or one submission where a class was asked for.
        GraderError: this machine's trouble.
    """
    place = Path(where)
    if where.startswith("s3://") and where.casefold().endswith(".zip"):
        here = keep or Path(tempfile.mkdtemp())
        whole = download.of_zip_in_a_bucket(where, here, tier or choose_tier("auto"))
    elif where.startswith("s3://"):
        whole = download.of_bucket(where)
    elif place.is_file() and place.suffix.casefold() == ".zip":
        whole = download.of_zip(place, keep or place.parent / f".{place.stem}", tier or choose_tier("auto"))
    elif place.is_file():
        return Found(tuple(_list_urls(place)))
    elif place.is_dir():
        plain, here = download.of_folder(place, without), keep or place.parent / f".{place.name}"
        parts = download.of_zips_of_one(plain, here, lambda: tier or choose_tier("auto"))
        whole = parts or plain
    else:
        raise SubmissionError(f"There is nothing at {place}. The folder you are in is {Path.cwd()}.")
    result = _of_download(download.innermost(whole, known), known)
    if not result.submissions:
        raise SubmissionError(f"No submission is in {where}: neither folders nor archives (.zip, .tar.gz).")
    return result


# --- files and folders --------------------------------------------------------------------------------------------


def _of_download(whole: Download, known: Callable[[str], bool]) -> Found:
    why = {piece.name: piece.left_out for piece in whole.pieces if piece.left_out}
    tops: dict[str, list[Piece]] = defaultdict(list)
    for piece in whole.pieces:
        top, within = whole.placed(piece)
        if piece.is_the_system_s or not top:
            why.setdefault(piece.name, "The system's own file, or beside the class's folder.")
        elif top.startswith("."):
            why.setdefault(piece.name, "Hidden files and folders are no submissions.")
        elif top == download.CLASS_RECORD:
            why.setdefault(piece.name, "The class record.")
        elif within or "twice" not in piece.left_out:
            tops[top].append(piece)
    labels = platforms.labels(
        [top for top, pieces in tops.items() if not all(each.left_out for each in pieces)]
    )
    for top in (tops.keys() - labels.keys()) if labels else ():
        # what can't be taken was handed in all the same
        if all(each.left_out for each in tops[top]) and (
            label := platforms.moodle(top) or platforms.canvas(top)
        ):
            labels[top] = label
    exported = gradescope.read(tops.pop(download.METADATA, []), why)
    if not labels and not exported:
        _refuse_one_submission(whole, tops, known)
    groups: dict[str, list[Item]] = defaultdict(list)
    for top, pieces in tops.items():
        is_folder = any(whole.placed(piece)[1] or piece.name.endswith("/") for piece in pieces)
        label = labels.get(top) or exported.label(top) or labelling.by_itself(top, is_folder, known)
        if label and label.platform == "plain" and not known(label.name):
            # a link, or a folder that holds nobody's work
            label = None if all(each.left_out and each.count for each in pieces) else label
        if label is None:
            for piece in pieces:
                why.setdefault(
                    piece.name,
                    "It is neither a folder, an archive nor a program, and its name is none of the class's.",
                )
            continue
        inner = {piece.name: whole.placed(piece)[1] for piece in pieces}
        path = f"{whole.root}/{whole.folder_of(pieces[0])}{top}"
        groups[label.key].append(Item(label, path, is_folder, tuple(pieces), inner))
    submissions: list[HandedIn] = []
    whose: dict[str, str] = {}
    prefix = _common_prefix(
        [one.label.shown for [one, *_] in groups.values() if one.is_folder and one.label.platform == "plain"]
    )
    for items in groups.values():
        made = gathering.gather(items)
        label = items[0].label
        short = label.shown.removeprefix(prefix) or label.shown if label.platform == "plain" else label.shown
        submissions.append(
            HandedIn(
                short,
                made.path,
                tuple(dict.fromkeys((short, label.shown, label.name))),
                made.files,
                replace(
                    label,
                    late=any(item.label.late for item in items),
                    order=max(item.label.order for item in items),
                ),
                tuple(Member(*each) for each in exported.members(label.shown))
                if label.platform == "gradescope"
                else (),
                made.changed,
                exported.submitted(label.shown),
                made.trouble,
                made.notes,
            )
        )
        whose |= {piece.name: label.key for item in items for piece in item.pieces}
        why |= {name: reason for name, reason in made.why.items() if name not in why}
    return _distinct(Found(tuple(submissions), whole, whose, why))


def _refuse_one_submission(
    whole: Download, tops: Mapping[str, Sequence[Piece]], known: Callable[[str], bool]
) -> None:
    """A project is no class, even if it holds folders."""
    files = [
        top
        for top, pieces in tops.items()
        if all(not whole.placed(piece)[1] and not piece.name.endswith("/") for piece in pieces)
    ]
    programs = [name for name in files if name.endswith(".py")]
    if any(_PROJECT.match(top) for top in tops) or (
        programs and not any(names.tells(name, known) for name in programs)
    ):
        raise SubmissionError(
            f"{whole.root} looks like one submission: it holds code itself. Give the folder that holds the class's "
            "submissions, or grade this one with: grader check"
        )


def _common_prefix(names: Sequence[str]) -> str:
    """What stands before every repository of a class: the classroom's and the assignment's name, and a dash."""
    if len(names) < 3:
        return ""
    first, last = min(names), max(names)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), 0)
    return first[: first.rfind("-", 0, same) + 1]


def _distinct(result: Found) -> Found:
    """No two submissions of one name, in the order of their names; until here, `whose` has their labels' keys."""
    counts = Counter(one.name for one in result.submissions)
    names: dict[str, str] = {}
    submissions = []
    for one in result.submissions:
        assert one.label is not None
        name = one.label.key if counts[one.name] > 1 else one.name
        names[one.label.key] = name
        submissions.append(replace(one, name=name))
    ordered = sorted(submissions, key=lambda one: (one.name.casefold(), one.name))
    whose = {piece: names[key] for piece, key in result.whose.items()}
    return replace(result, submissions=tuple(ordered), whose=whose)


# --- repositories elsewhere ---------------------------------------------------------------------------------------


def _list_urls(file: Path) -> Iterator[HandedIn]:
    """Git URLs, one a line; blank lines and those with # are passed over."""
    if ARCHIVE.search(file.name):
        raise SubmissionError(f"{file} is no ZIP. Unpack it, and give the folder with the submissions.")
    lines: dict[str, list[tuple[int, str]]] = defaultdict(list)
    bad: list[tuple[int, str]] = []
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        text = line.partition("#")[0].strip() if not _URL.match(line.strip()) else line.strip()
        if not text:
            continue
        match = _URL.match(text)
        if not match:
            bad.append((number, text))
            continue
        parts = without_key(match["url"]).rstrip("/").removesuffix(".git").split("/")
        name = match["name"] or (f"{parts[-2]}-{parts[-1]}" if len(parts) > 1 else parts[-1])
        lines[name].append((number, match["url"]))
    if bad and not lines:
        number, text = bad[0]
        raise SubmissionError(
            f"{file}, line {number}: {text[:60]!r} is no git URL. Write one a line, with a name before it if you like."
        )
    if not lines:
        raise SubmissionError(f"No git URL was found in {file}.")
    for number, text in bad:
        lines[text.split()[0][:80]].append((number, ""))
    for name, listed in sorted(lines.items(), key=lambda each: (each[0].casefold(), each[0])):
        yield _repository(file, name, listed)


def _repository(file: Path, name: str, listed: Sequence[tuple[int, str]]) -> HandedIn:
    """What a file of URLs says of one name, line by line."""
    trouble = ""
    url = listed[-1][1]
    if len({url for _, url in listed}) > 1:
        which = " or ".join(f"{without_key(url) or 'no URL'} (line {number})" for number, url in listed)
        trouble = f"Which one is meant? {file.name} names {name} more than once: {which}. Give each a name of its own."
    elif not url:
        trouble = f"{file.name}, line {listed[0][0]}: what stands there is no git URL."
    last = url.rstrip("/").removesuffix(".git").rpartition("/")[2] or name
    label = Label("plain", f"plain:{name}", name, name)
    return HandedIn(name, url or name, (name, last), label=label, trouble=trouble)


# --- what it is -------------------------------------------------------------------------------------------------


def digest_of(one: HandedIn, tier: Tier) -> str:
    """What a submission is, without looking into it: the same bytes, the same digest.

    Raises:
        SubmissionError: it is not there, or its folder holds what can't be read.
        GraderError: this machine's trouble.
    """
    path = Path(one.path)
    whole = hashlib.sha256()
    try:
        if one.files:
            for name, content in sorted(gathering.content_of(one.files)):
                whole.update(f"work/{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
            return whole.hexdigest()
        if one.path.startswith("s3://"):
            prefix, _, name = one.path.rpartition("/")
            whole.update(evidence_store.Bucket(prefix).get(name) or b"")
            return whole.hexdigest()
        if courier.is_repository(one.path):
            whole.update(f"{one.path}\0".encode() + courier.refs_of(one.path, tier))
            return whole.hexdigest()
        if path.is_file():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        for name, content in courier.plain_files(path):
            whole.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    except OSError as error:
        raise GraderError(f"{one.path} can't be read: {error.strerror}.") from error
    return whole.hexdigest()

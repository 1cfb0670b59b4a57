"""Records what `grader release` wrote, by digest, and tells a learner's changes from the answer key's.

The record lies in the copy itself, as `.release.json`. It changes when something is released and never when somebody
works, so that it may be committed.
"""

import json
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath

from grader.errors import ReleaseError
from grader.escaping import for_json, for_terminal

RECORD = ".release.json"
_ABOUT = "What grader release wrote here. It replaces a file of these that is still so, and leaves all others alone."


def digest_of(content: bytes) -> str:
    """A file's digest; the line ends that git makes on Windows count for nothing."""
    as_on_unix = content.replace(b"\r\n", b"\n")
    return f"sha256:{sha256(as_on_unix).hexdigest()}"


def read(destination: Path) -> dict[str, str] | None:
    """What was written there last: digests by path; None if there is no record.

    Raises:
        ReleaseError: there is one that can't be used.
    """
    file = destination / RECORD
    try:
        files = json.loads(file.read_text(encoding="utf-8"))["files"]
        if not all(_is_inside(path) and isinstance(digest, str) for path, digest in files.items()):
            raise ValueError
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ReleaseError(
            f"{file} is not a record that this grader wrote. Restore it from git, or delete it: then only files that are "
            "as the answer key has them count as written by the grader, and all others are left alone."
        ) from error
    return dict(files)


def text_of(files: Mapping[str, str]) -> str:
    """A record: one line a file, so that git can merge it."""
    return for_json({"schema": 1, "about": _ABOUT, "files": dict(sorted(files.items()))})


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and "\\" not in path and path not in ("", ".")


@dataclass(frozen=True)
class State:
    """How a learners' copy differs from what the answer key makes; paths with `/`, sorted.

    `stale`: to be written, `obsolete`: to be removed; both are as they were written last, or missing. `worked`: what
    somebody changed, added or put in the way, with a word for it. `removed`: those of `stale` that somebody removed.
    `record_is_behind`: the record says something else than is true, such as after a merge.
    """

    stale: tuple[str, ...] = ()
    obsolete: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    worked: Mapping[str, str] = field(default_factory=dict)
    record_is_behind: bool = False


def compare(
    wanted: Mapping[str, bytes],
    present: Iterator[str],
    destination: Path,
    known: Mapping[str, str],
) -> State:
    """How things stand.

    Args:
        wanted: what the answer key makes.
        present: every file in the folders that are the copy's alone; elsewhere nothing is ever removed.
        destination: where the copy lies.
        known: digests of what was written there last, by path.
    """
    stale, obsolete, removed = [], [], []
    worked: dict[str, str] = {}
    for path, content in wanted.items():
        barrier = _barrier(destination, path)
        now = None if barrier else _digest_at(destination / path)
        if barrier:
            worked[barrier] = "in the way of a file"
        elif now is None:
            stale.append(path)
            removed += [path] if path in known else []
        elif now != digest_of(content):
            if now == known.get(path):
                stale.append(path)
            else:
                moved = path in known and known[path] != digest_of(content)
                worked[path] = "changed, and the answer key moved on there, too" if moved else "changed"
    for path in sorted(set(present) - set(wanted)):
        if _barrier(destination, path):
            worked.setdefault(path, "added")  # a link; what it leads to is not looked at
        elif path in known and _digest_at(destination / path) == known[path]:
            obsolete.append(path)
        else:
            worked[path] = "changed; the answer key no longer has it" if path in known else "added"
    # what lies in a folder that is named is in it already
    whole = {path: why for path, why in sorted(worked.items()) if not _is_below(path, worked)}
    return State(tuple(sorted(stale)), tuple(obsolete), tuple(sorted(removed)), whole)


def _is_below(path: str, others: Mapping[str, str]) -> bool:
    return any(parent.as_posix() in others for parent in PurePosixPath(path).parents)


def _is_there(place: Path) -> bool:
    return place.is_symlink() or place.exists()


def _barrier(destination: Path, path: str) -> str | None:
    """The first part of a path that is a link, or a folder where a file should be, or the other way round."""
    parts = PurePosixPath(path).parts
    for count in range(1, len(parts) + 1):
        place = destination.joinpath(*parts[:count])
        is_last = count == len(parts)
        if place.is_symlink() or (_is_there(place) and place.is_dir() == is_last):
            return PurePosixPath(*parts[:count]).as_posix()
    return None


def _digest_at(file: Path) -> str | None:
    try:
        return digest_of(file.read_bytes()) if file.is_file() else None
    except OSError as error:
        raise ReleaseError(f"{file} can't be read: {error.strerror}.") from error


def list_paths(names: Mapping[str, str]) -> str:
    """Paths for a terminal, one a line, with the word for each."""
    return "\n".join(
        for_terminal(f"  {name} ({why})" if why else f"  {name}") for name, why in sorted(names.items())
    )


def describe(state: State, destination: Path) -> str:
    """How a copy differs, for a terminal: where somebody worked, and where the answer key moved on. Empty if it does not."""
    lines = []
    worked = {**state.worked, **dict.fromkeys(state.removed, "removed")}
    moved = dict.fromkeys((name for name in (*state.stale, *state.obsolete) if name not in worked), "")
    if worked:
        lines += ["Someone worked here:", list_paths(worked)]
    elif state.record_is_behind and not moved:
        moved = {RECORD: ""}
    if moved:
        lines += ["The answer key moved on, and these did not:", list_paths(moved)]
        lines.append(for_terminal(f"To write them: grader release {destination}"))
    return "\n".join(lines)


def of_committed_key(source: Path, make: Callable[[Path], Mapping[str, bytes]]) -> dict[str, str]:
    """Digests of what the answer key of git's last commit makes: files that are so hold nobody's work.

    For copies that were written before there was a record. Empty where git can't say.
    """
    with tempfile.TemporaryDirectory(prefix="answer-key-") as place:
        try:
            archive = subprocess.run(  # noqa: S603 - our own words
                ["git", "-C", source.parent, "archive", "HEAD", source.name, "assets"],  # noqa: S607
                capture_output=True,
                check=True,
                timeout=60,
            ).stdout
            with tarfile.open(fileobj=BytesIO(archive)) as members:
                for member in members:
                    if member.isfile() and _is_inside(member.name):
                        file = Path(place, member.name)
                        file.parent.mkdir(parents=True, exist_ok=True)
                        content = members.extractfile(member)
                        file.write_bytes(content.read() if content else b"")
            return {path: digest_of(content) for path, content in make(Path(place, source.name)).items()}
        except (OSError, subprocess.SubprocessError, tarfile.TarError, ReleaseError):
            return {}

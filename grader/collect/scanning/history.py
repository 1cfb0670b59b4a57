"""A submission's commits, looked through for credentials.

Git runs in the submission's own sandbox, on what its commits are made of alone: objects and refs. Whatever else lies in a
repository could change what git shows: its configuration, its attributes, grafts and replaced objects.
"""

import codecs
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath

from grader.collect.scanning.concealed import Concealed
from grader.collect.scanning.credentials import is_made_by_others, mask, secrets_in
from grader.evidence import Secret, cap
from grader.intake.bounds import LEFT_BEHIND, MAX_HISTORY_BYTES, MAX_HISTORY_FILES
from grader.sandbox import Order, Sandbox

_MOST = 50 * 1024 * 1024  # bytes of what git says
_SMALL = 8 * 1024 * 1024  # bytes of a repository of which files that are no text are shown, too
_MOST_FOUND = 200
_LONGEST_NAME = 200
_MOST_LINES, _OVERLAP = 2_000, 10  # that are looked at together, and of those before
_MOST_TRACKED = 20  # files that are named
_GIT_SECONDS = 60
_TOO_LARGE = f"its folder .git holds more than {MAX_HISTORY_BYTES // 1024**2} MB or {MAX_HISTORY_FILES} files, which `git gc` may change"
_SHALLOW = "shallow"  # names the commits whose parents are left out
_BELONGS = ("objects", "refs", "HEAD", "packed-refs")
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_CONFIG_KEY_1": "core.bigFileThreshold",
    "GIT_CONFIG_VALUE_1": "512m",
    # a file beside the commits that says again what their parents are, and is believed unseen
    "GIT_CONFIG_KEY_2": "core.commitGraph",
    "GIT_CONFIG_VALUE_2": "false",
}
# a merge shows what is in neither of its parents; a message is indented, so that no line of it looks like a patch
_LOG = (
    *(
        "log",
        "--all",
        "--ignore-missing",
        "-p",
        "-U0",
        "--cc",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
    ),
    "--format=commit %h%n%w(0,4,4)%B",
)


@dataclass(frozen=True)
class Past:
    """What the commits hold. `tracked_env`: files named `.env` in the last one. `trouble`: why not all could be read."""

    secrets: list[Secret] = field(default_factory=list)
    tracked_env: tuple[str, ...] = ()
    trouble: str = ""


def read(repository: Path | None, sandbox: Sandbox) -> Past:
    """Look through a repository's commits; there is nothing in none."""
    if repository is None:
        return Past()
    # the courier's alone: a submission's own file of that name is not carried
    if (repository / LEFT_BEHIND).exists():
        return Past(trouble=_TOO_LARGE)
    place = f"{sandbox.temporary}/history"
    sandbox.bring(_files(repository), place)
    small = sum(path.stat().st_size for _, path in _files(repository) if path.is_file()) <= _SMALL
    log = (*_LOG, *(["--text"] if small else []))
    output, trouble = _asked(sandbox, place, *log)
    if trouble and (shallow := repository / _SHALLOW).is_file() and not shallow.is_symlink():
        # believed only where parents are missing indeed: it could leave out any commit
        sandbox.bring([(_SHALLOW, shallow)], place)
        output, trouble = _asked(sandbox, place, *log)
    listed, _ = _asked(sandbox, place, "ls-tree", "-r", "--name-only", "-z", "HEAD")
    names = [name.decode("utf-8", "replace") for name in listed.split(b"\0")]
    tracked = tuple(name for name in names if PurePosixPath(name).name == ".env")[:_MOST_TRACKED]
    return Past(list(_found(output)), tracked, trouble)


def day_of_last_commit(repository: Path | None, sandbox: Sandbox) -> date | None:
    """When it was committed, as the commit says; None if there is none, or git can't read it."""
    if repository is None or not repository.is_dir() or (repository / LEFT_BEHIND).exists():
        return None
    place = f"{sandbox.temporary}/history"
    sandbox.bring(_files(repository), place)
    output, _ = _asked(sandbox, place, "log", "-1", "--format=%ct", "HEAD")
    seconds = output.strip()
    if not seconds.isdigit() or len(seconds) > 11:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).date()


def text_of(content: bytes) -> str:
    """A file's text, UTF-8 unless it says otherwise: a shell of Windows writes UTF-16."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    return content.decode("utf-8", "replace")


def _asked(sandbox: Sandbox, place: str, *arguments: str) -> tuple[bytes, str]:
    """What git answers, as much as is kept of it, and why that is not all."""
    order = Order(
        do="run",
        name="git",
        cwd=place,
        environment={**sandbox.environment(), **_ENVIRONMENT},
        facts={"command": ["git", "--bare", "--git-dir", place, *arguments]},
    )
    with sandbox.start(order, hears=_MOST) as job:
        code = job.wait(_GIT_SECONDS)
        output = job.read_partial_report()
    if code is None:
        return output, f"git did not read it within {_GIT_SECONDS} seconds"
    if len(output) >= _MOST:
        return output, f"its patches are more than {_MOST // 1024**2} MB"
    return output, f"git ended with {code}" if code else ""


def _found(output: bytes) -> Iterator[Secret]:
    """Credentials in what `git log` shows: in messages, and in the lines that patches add or take away."""
    concealed = Concealed()
    for number, (part, kind, value) in enumerate(
        (each, kind, value) for each in _parts(output) for kind, value in each.secrets(concealed)
    ):
        if number >= _MOST_FOUND:
            return
        file = f", {cap(part.name, _LONGEST_NAME)}" if part.name else ""
        yield Secret(kind=kind, where=f"commit {part.commit}{file}", shown=mask(value))


@dataclass(frozen=True)
class _Part:
    """Lines of a commit that belong together: of its message, or those that it adds to a file or takes away from one."""

    commit: str
    name: str
    lines: list[str]

    def secrets(self, concealed: Concealed) -> Iterator[tuple[str, str]]:
        """Each credential: its kind and itself."""
        others = (
            [True] * len(self.lines)
            if is_made_by_others(self.name, "")
            else [is_made_by_others(self.name, line) for line in self.lines]
        )
        for line, strict in zip(self.lines, others, strict=True):
            yield from ((kind, value) for kind, value, _ in secrets_in(line, strict=strict))
        if not any(others):
            # lines may belong together that stand one below the other
            text = "\n".join(self.lines)
            yield from ((kind, value) for kind, value, _ in concealed.secrets_in(text))


def _parts(output: bytes) -> Iterator[_Part]:
    """What `git log` shows, in parts of up to so many lines."""
    commit, name, within = "?", "", False
    lines: dict[str, list[str]] = {}
    # one line after the other: all of them as text would take many times the memory
    for raw in io.BytesIO(output):
        # a null byte between any two letters is UTF-16
        line = raw.rstrip(b"\n").replace(b"\0", b"").decode("utf-8", "replace")
        if line.startswith(("commit ", "diff ")):
            yield from (_Part(commit, name, each) for each in lines.values())
            lines, name, within = {}, "", False
            commit = line[7:20] if line.startswith("commit ") else commit
        elif line.startswith("@@"):
            within = True
        elif not within and line.startswith(("+++ ", "--- ")):
            # what is taken away as a whole keeps the name that it had
            name = name if name and line == "+++ /dev/null" else line[4:].partition("/")[2]
        elif line.startswith("    ") or (within and line.startswith(("+", "-"))):
            there = lines.setdefault(line[0], [])
            there.append(line[1:])
            if len(there) >= _MOST_LINES:
                yield _Part(commit, name, there)
                lines[line[0]] = there[-_OVERLAP:]
    yield from (_Part(commit, name, each) for each in lines.values())


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The plain files that commits are made of, up to a size."""
    size = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or name.partition("/")[0] not in _BELONGS:
            continue
        size += path.stat().st_size
        if size > MAX_HISTORY_BYTES:
            return
        yield name, path
    # git knows a repository by folders that may be empty, once it has packed what was in them
    for name in ("refs/.present", "objects/.present"):
        yield name, Path(os.devnull)

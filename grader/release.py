"""The learners' copy, made from the answer key: `lab/` and `notebooks/` without solutions.

`# BEGIN SOLUTION` … `# END SOLUTION` around lines leaves a place to write in; a cell with the tag `solution` is left
out; so is a file that is nothing but a solution. Pictures that a page or a notebook shows come along, into `assets/`; a
folder for a class, which is any but the answer key's own, gets a page, a Makefile and a `.gitignore` as well.

Nobody's work is lost: a file that is not as it was written last is left alone, or set aside if asked for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import nbformat

from grader import release_record
from grader.errors import GraderError, ReleaseError
from grader.files import write
from grader.release_record import RECORD, State

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
_PICTURE = re.compile(r"(?:\.\./)+assets/([\w.-]+)")
_PLACE = ("# YOUR CODE HERE", "...")
_LEFT_OUT = frozenset(
    {"__pycache__", ".pytest_cache", ".ipynb_checkpoints", ".venv", ".ruff_cache", ".mypy_cache", ".DS_Store"}
)
_FOLDERS = ("lab", "notebooks")  # the copy's alone: what else lies in them, somebody added
_CLASS = Path(__file__).parent / "export" / "class"
_FOR_A_CLASS = {"README.md": "README.md", "Makefile": "Makefile", "gitignore": ".gitignore"}


def without_solutions(text: str, name: str) -> str:
    """A text with a place to write in where each solution was.

    Raises:
        ReleaseError: a marker without its partner, or one inside another; the text names file and line.
    """
    out: list[str] = []
    began: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        marker = line.strip()
        if marker == BEGIN:
            if began is not None:
                raise ReleaseError(
                    f"{name}, line {number}: {BEGIN} inside the solution that began on line {began}."
                )
            began = number
            indent = line[: len(line) - len(line.lstrip())]
            out += [indent + words for words in _PLACE]
        elif marker == END:
            if began is None:
                raise ReleaseError(f"{name}, line {number}: {END} without {BEGIN} before it.")
            began = None
        elif began is None:
            out.append(line)
    if began is not None:
        raise ReleaseError(f"{name}, line {began}: {BEGIN} without {END} after it.")
    return "\n".join(out) + ("\n" if text.endswith("\n") and out else "")


def _is_only_a_place(text: str) -> bool:
    return all(line.strip() in ("", *_PLACE) for line in text.splitlines())


def _notebook(text: str, name: str) -> str:
    """A notebook without solutions, outputs and counts."""
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    cells = []
    for number, cell in enumerate(notebook.cells, 1):
        if "solution" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "code":
            cell.source = without_solutions(cell.source, f"{name}, cell {number}")
            cell.outputs, cell.execution_count = [], None
        cells.append(cell)
    notebook.cells = cells
    return str(nbformat.writes(notebook)) + "\n"  # type: ignore[no-untyped-call]


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder)
        is_content = (file.is_file() or file.is_symlink()) and file.name != ".env"
        if is_content and not _LEFT_OUT.intersection(inside.parts):
            yield file


def _wanted(source: Path) -> dict[Path, bytes]:
    """Every file of the learners' copy, by its path under the destination."""
    wanted: dict[Path, bytes] = {}
    for file in _files(source):
        if not file.is_file():
            continue
        inside = file.relative_to(source)
        if file.suffix in (".ipynb", ".md"):
            wanted |= _pictures(file, source.parent / "assets")
        is_notebook = inside.parts[0] == "notebooks"
        target = inside if is_notebook else Path("lab") / inside
        if file.suffix == ".ipynb":
            # one folder nearer to the pictures than in the answer key
            text = _PICTURE.sub(r"../assets/\1", file.read_text(encoding="utf-8"))
            wanted[target] = _notebook(text, str(inside)).encode()
        elif file.suffix == ".py":
            text = without_solutions(file.read_text(encoding="utf-8"), str(inside))
            if BEGIN in file.read_text(encoding="utf-8") and _is_only_a_place(text):
                continue
            wanted[target] = text.encode()
        else:
            wanted[target] = file.read_bytes()
    return wanted


def _pictures(page: Path, assets: Path) -> dict[Path, bytes]:
    """The pictures that a page shows, by their paths under the destination."""
    names = set(_PICTURE.findall(page.read_text(encoding="utf-8")))
    missing = sorted(name for name in names if not (assets / name).is_file())
    if missing:
        raise ReleaseError(f"{page.name} shows {missing[0]}, which is not in {assets}.")
    return {Path("assets") / name: (assets / name).read_bytes() for name in names}


@dataclass(frozen=True)
class Released:
    """What a release did: paths under the destination.

    `worked`: what somebody worked on, with a word for it. `kept`: the folder to which that was moved, if it was.
    """

    written: tuple[str, ...]
    removed: tuple[str, ...]
    worked: dict[str, str]
    kept: Path | None = None


def state(source: Path, destination: Path) -> State:
    """How a learners' copy differs from what the answer key makes; nothing is written.

    Args:
        source: the answer key.
        destination: the folder that holds, or will hold, `lab/` and `notebooks/`.

    Raises:
        ReleaseError: there is no answer key, its markers are unbalanced, or the record of the copy can't be used.
    """
    return _compare(_copy(source, destination), source, destination)


def release(source: Path, destination: Path, *, force: bool = False) -> Released:
    """Write what is missing or behind the answer key, remove what it no longer has, leave alone where somebody worked.

    Args:
        source: the answer key.
        destination: the folder that holds, or will hold, `lab/` and `notebooks/`.
        force: move what somebody worked on to a new folder beside `lab/`, dated, and write it as the answer key has it.

    Raises:
        ReleaseError: as for `state`; then nothing was written. Or something can't be written or moved.
    """
    wanted = _copy(source, destination)
    found, kept = _compare(wanted, source, destination), None
    worked = dict(found.worked)
    if force and worked:
        kept = _set_aside(destination, found)
        found = _compare(wanted, source, destination)
    known = release_record.read(destination) or {}
    try:
        for path in found.stale:
            write(destination / path, wanted[path])
        for path in found.obsolete:
            (destination / path).unlink()
        if found.record_is_behind:
            record = _record(wanted, known, found)
            write(destination / RECORD, release_record.text_of(record).encode())
    except (OSError, GraderError) as error:
        raise ReleaseError(f"The copy can't be written: {error}") from error
    return Released(found.stale, found.obsolete, worked, kept)


def _copy(source: Path, destination: Path) -> dict[str, bytes]:
    """Every file that the copy at a destination should have."""
    if not (source / "pyproject.toml").is_file():
        raise ReleaseError(f"There is no answer key at {source}. Say where it is with --from.")
    if source.parent.resolve() == destination.resolve():
        # the project itself: its pictures lie there already, and are nobody's copy
        return _lesson(source)
    wanted = {path.as_posix(): content for path, content in _wanted(source).items()}
    return wanted | {name: (_CLASS / file).read_bytes() for file, name in _FOR_A_CLASS.items()}


def _lesson(source: Path) -> dict[str, bytes]:
    """What a copy has in its own folders."""
    wanted = {path.as_posix(): content for path, content in _wanted(source).items()}
    return {path: content for path, content in wanted.items() if path.split("/")[0] in _FOLDERS}


def _compare(wanted: dict[str, bytes], source: Path, destination: Path) -> State:
    known = release_record.read(destination)
    present = [
        file.relative_to(destination).as_posix()
        for name in _FOLDERS
        if not (destination / name).is_symlink()
        for file in _files(destination / name)
    ]
    found = release_record.compare(wanted, iter(present), destination, known or {})
    if known is None and found.worked:
        written = release_record.of_committed_key(source, _lesson)
        found = release_record.compare(wanted, iter(present), destination, written)
    return replace(found, record_is_behind=known != _record(wanted, known or {}, found))


def _record(wanted: dict[str, bytes], known: dict[str, str], found: State) -> dict[str, str]:
    """What the record says once a release is done: of files that were left alone, what was written there last."""
    now = {path: release_record.digest_of(content) for path, content in wanted.items()}
    for path in found.worked:
        now.pop(path, None)
    behind = {path for path in now if any(path.startswith(f"{barrier}/") for barrier in found.worked)}
    last = {path: known[path] for path in {*found.worked, *behind} if path in known}
    return {path: digest for path, digest in now.items() if path not in behind} | last


def _set_aside(destination: Path, found: State) -> Path:
    """Move what somebody worked on, with its place, to a folder that was not there before."""
    name = f"set-aside-{datetime.now():%Y-%m-%d-%H%M%S}"
    try:
        for number in range(1, 1000):
            kept = destination / (name if number == 1 else f"{name}-{number}")
            try:
                kept.mkdir()
                break
            except FileExistsError:
                continue
        for path in found.worked:
            target = kept / path
            target.parent.mkdir(parents=True, exist_ok=True)
            (destination / path).rename(target)
    except OSError as error:
        raise ReleaseError(f"Work can't be set aside: {error}. Nothing was overwritten.") from error
    return kept

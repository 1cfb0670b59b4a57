"""The learners' copy, made from the answer key: `lab/` and `notebooks/` without solutions.

`# BEGIN SOLUTION` … `# END SOLUTION` around lines leaves a place to write in; a cell with the tag `solution` is left
out; so is a file that is nothing but a solution. Pictures that a page or a notebook shows come along, into `assets/`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

from grader.errors import ReleaseError

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
_PICTURE = re.compile(r"(?:\.\./)+assets/([\w.-]+)")
_PLACE = ("# YOUR CODE HERE", "...")
_LEFT_OUT = frozenset(
    {"__pycache__", ".pytest_cache", ".ipynb_checkpoints", ".venv", ".ruff_cache", ".mypy_cache"}
)


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
        if file.is_file() and not _LEFT_OUT.intersection(file.parts) and file.name != ".env":
            yield file


def _wanted(source: Path) -> dict[Path, bytes]:
    """Every file of the learners' copy, by its path under the destination."""
    wanted: dict[Path, bytes] = {}
    for file in _files(source):
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


def release(source: Path, destination: Path, *, dry_run: bool = False) -> list[str]:
    """Write what is missing or differs, remove what is no longer there; returns those paths.

    Args:
        source: the answer key.
        destination: the folder that holds, or will hold, `lab/` and `notebooks/`.
        dry_run: write nothing, only say what would be written.

    Raises:
        ReleaseError: there is no answer key, or its markers are unbalanced. Then nothing was written.
    """
    if not (source / "pyproject.toml").is_file():
        raise ReleaseError(f"There is no answer key at {source}. Say where it is with --from.")
    wanted = _wanted(source)
    stale = [path for path, content in wanted.items() if not _is_current(destination / path, content)]
    extra = [
        file.relative_to(destination)
        for name in ("lab", "notebooks")
        for file in _files(destination / name)
        if file.relative_to(destination) not in wanted
    ]
    if not dry_run:
        for path in stale:
            (destination / path).parent.mkdir(parents=True, exist_ok=True)
            (destination / path).write_bytes(wanted[path])
        for path in extra:
            (destination / path).unlink()
    return [path.as_posix() for path in sorted([*stale, *extra])]


def _is_current(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content

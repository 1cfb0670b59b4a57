"""The grader packed for another platform: Gradescope, Classroom 50, or a template repository with a workflow."""

import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import grader
from classroom import materials
from grader.errors import GraderError

Platform = Literal["gradescope", "github", "classroom50"]

_HERE = Path(__file__).parent
_PACKAGES = Path(grader.__file__).parent.parent
_LEFT_OUT = frozenset(
    {
        *("course_files", "__pycache__", ".ipynb_checkpoints", ".venv"),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache"),
    }
)


def _sources() -> Iterator[tuple[str, Path]]:
    """What an installation needs: names below its folder, and the files."""
    for name in materials.PROJECT:
        yield name, materials.root() / name
    for name in ("classroom", "grader"):
        for file in sorted((_PACKAGES / name).rglob("*")):
            inside = file.relative_to(_PACKAGES)
            if file.is_file() and not _LEFT_OUT.intersection(inside.parts):
                yield inside.as_posix(), file


_NOT_FOR_GRADING = "submissions"  # of an assignment: its author's own answers


def _of_assignment(folder: Path | None) -> Iterator[tuple[str, Path]]:
    """What grading by an assignment needs, below `assignment/`; nothing of the lab's."""
    for file in sorted(folder.rglob("*")) if folder else ():
        inside = file.relative_to(folder or file)
        is_hidden = any(part.startswith(".") for part in inside.parts)
        if file.is_symlink() or not file.is_file() or is_hidden or _LEFT_OUT.intersection(inside.parts):
            continue
        if inside.parts[0] != _NOT_FOR_GRADING:
            yield f"assignment/{inside.as_posix()}", file


def gradescope(destination: Path, rubric: Path | None, assignment: Path | None = None) -> Path:
    """Write the ZIP that Gradescope takes as an autograder; returns where it is.

    By Gradescope's own page, https://gradescope-autograders.readthedocs.io/en/latest/specs/: `setup.sh` is run once, when
    the image is built, `run_autograder` for each submission.
    """
    file = destination if destination.suffix == ".zip" else destination / "autograder.zip"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in ("setup.sh", "run_autograder"):
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.external_attr, entry.compress_type = 0o100755 << 16, zipfile.ZIP_DEFLATED
            bundle.writestr(entry, (_HERE / "gradescope" / name).read_text(encoding="utf-8"))
        for name, path in _sources():
            bundle.write(path, f"lab-grader/{name}")
        for name, path in _of_assignment(assignment):
            bundle.write(path, name)
        if rubric:
            bundle.write(rubric, "rubric.toml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(out.getvalue())
    return file


def github(destination: Path) -> Path:
    """Write a template repository: the lab with everything that it needs, the grader, and the workflow that runs it.

    Raises:
        GraderError: there is something in the folder already.
    """
    if destination.exists() and any(destination.iterdir()):
        raise GraderError(
            f"{destination} is not empty: give a new folder, so that nothing of yours is overwritten."
        )
    for name, path in _sources():
        if not name.startswith("grader/export/"):
            _copy(path, destination / ".grader" / name)
    for name in ("lab", "notebooks", "assets"):
        source = materials.root() / name
        for path in sorted(source.rglob("*")):
            inside = path.relative_to(source)
            if path.is_file() and not _LEFT_OUT.intersection(inside.parts):
                _copy(path, destination / (inside if name == "lab" else Path(name) / inside))
    # the lab's own page, whose links lead to neighbours that are now below it
    page = destination / "README.md"
    (destination / "LAB.md").write_text(page.read_text(encoding="utf-8").replace("../", ""), encoding="utf-8")
    for name, place in _OF_THE_TEMPLATE.items():
        _copy(_HERE / "github" / name, destination / place)
    return destination


_OF_THE_TEMPLATE = {
    "README.md": "README.md",
    "TEMPLATE.md": ".github/TEMPLATE.md",
    "Makefile": "Makefile",
    "devcontainer.json": ".devcontainer/devcontainer.json",
    "grade.yml": ".github/workflows/grade.yml",
}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def classroom50(destination: Path, rubric: Path | None, assignment: Path | None = None) -> Path:
    """Write the autograder of an assignment for Classroom 50: a folder for `CLASSROOM/autograders/ASSIGNMENT/`.

    By its own page, https://github.com/foundation50/classroom50/wiki/Advanced-Autograding: `autograder.py` is run in the
    learner's checkout, with what lies beside it, and writes `result.json`.

    Raises:
        GraderError: there is something in the folder already.
    """
    if destination.exists() and any(destination.iterdir()):
        raise GraderError(
            f"{destination} is not empty: give a new folder, so that nothing of yours is overwritten."
        )
    _copy(_HERE / "classroom50" / "autograder.py", destination / "autograder.py")
    with zipfile.ZipFile(destination / "lab-grader.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, path in _sources():
            bundle.write(path, name)
        for name, path in _of_assignment(assignment):
            bundle.write(path, name)
        if rubric:
            bundle.write(rubric, "rubric.toml")
    return destination

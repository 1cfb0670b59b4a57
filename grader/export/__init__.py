"""The grader packed for another platform: Gradescope's autograder, or a template for GitHub Classroom."""

import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import grader
from grader.errors import GraderError

Platform = Literal["gradescope", "github"]

_HERE = Path(__file__).parent
_ROOT = Path(grader.__file__).parent.parent
_WHOLE = ("classroom", "grader", "assets/replies.toml", "pyproject.toml", "requirements.txt", "README.md")
_LEFT_OUT = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ipynb_checkpoints"})


def _sources() -> Iterator[tuple[str, Path]]:
    """What an installation needs: names below its folder, and the files.

    Raises:
        GraderError: this grader was not run from a clone.
    """
    if not (_ROOT / "pyproject.toml").exists():
        raise GraderError(
            "grader export needs a clone of the project: run it from there, after `make grade`."
        )
    for name in _WHOLE:
        path = _ROOT / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and not _LEFT_OUT.intersection(file.parts):
                yield file.relative_to(_ROOT).as_posix(), file


def gradescope(destination: Path, rubric: Path | None) -> Path:
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
        if rubric:
            bundle.write(rubric, "rubric.toml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(out.getvalue())
    return file


def github(destination: Path) -> Path:
    """Write a template repository for GitHub Classroom: the lab, its workflow, and the grader that it runs.

    Raises:
        GraderError: there is something in the folder already.
    """
    if destination.exists() and any(destination.iterdir()):
        raise GraderError(
            f"{destination} is not empty: give a new folder, so that nothing of yours is overwritten."
        )
    for name, path in _sources():
        if name.startswith("grader/export/"):
            continue
        target = destination / ".grader" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for name in ("lab", "notebooks"):
        for path in sorted((_ROOT / name).rglob("*")):
            if (
                path.is_file()
                and not _LEFT_OUT.intersection(path.parts)
                and ".ipynb_checkpoints" not in path.parts
            ):
                inside = path.relative_to(_ROOT / name)
                target = destination / ("notebooks" / inside if name == "notebooks" else inside)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    workflow = destination / ".github" / "workflows" / "grade.yml"
    workflow.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_HERE / "github" / "grade.yml", workflow)
    shutil.copyfile(_HERE / "github" / "CLASSROOM.md", destination / "CLASSROOM.md")
    return destination

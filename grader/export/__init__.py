"""The grader packed for another platform: Gradescope's autograder, or a template for GitHub Classroom."""

import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import grader
from classroom import materials
from grader.errors import GraderError

Platform = Literal["gradescope", "github"]

_HERE = Path(__file__).parent
_PACKAGES = Path(grader.__file__).parent.parent
_LEFT_OUT = frozenset(
    {"course_files", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ipynb_checkpoints"}
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
        source = materials.root() / name
        for path in sorted(source.rglob("*")):
            if path.is_file() and not _LEFT_OUT.intersection(path.relative_to(source).parts):
                inside = path.relative_to(source)
                target = destination / ("notebooks" / inside if name == "notebooks" else inside)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    workflow = destination / ".github" / "workflows" / "grade.yml"
    workflow.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_HERE / "github" / "grade.yml", workflow)
    shutil.copyfile(_HERE / "github" / "CLASSROOM.md", destination / "CLASSROOM.md")
    return destination

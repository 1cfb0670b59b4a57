"""Finds the course's files (notebooks, lab, pictures): beside this package in a clone, inside it in a wheel."""

import shutil
from pathlib import Path

from classroom.errors import LessonError

_CLONE = Path(__file__).resolve().parents[1]
_SHIPPED = Path(__file__).resolve().parent / "course_files"
# what an installation from sources takes beside the packages
PROJECT = ("LICENSE", "README.md", "bootstrap.py", "hatch_build.py", "pyproject.toml", "requirements.txt")
_FOR_LEARNERS = ("notebooks", "lab", "assets", ".release.json")


def root() -> Path:
    """The folder that holds `notebooks/`, `lab/`, `answer-key/`, `assets/` and `course/`."""
    return _SHIPPED if _SHIPPED.is_dir() else _CLONE


def lay_out(folder: Path) -> int:
    """Put what learners work with into an empty folder; returns how many files were written.

    Raises:
        LessonError: something lies in the folder already, or it can't be written to.
    """
    present = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if present:
        raise LessonError(
            f"There is no notebooks/ in {folder}, and the folder is not empty ({', '.join(present[:3])} …). "
            "Run this from the folder that holds notebooks/, or from an empty one, and they are put there."
        )
    written = 0
    try:
        for name in _FOR_LEARNERS:
            source = root() / name
            for file in [source] if source.is_file() else sorted(source.rglob("*")):
                if file.is_dir() or "__pycache__" in file.parts:
                    continue
                target = folder / file.relative_to(root())
                if not target.exists():  # a hidden file of theirs
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, target)
                    written += 1
    except OSError as error:
        raise LessonError(f"The course can't be written to {folder}: {error.strerror}.") from error
    return written

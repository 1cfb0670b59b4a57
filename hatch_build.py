"""Puts the course into the wheel, so that `classroom lab`, `grader check` and `grader export` work without a clone.

Files that a person keeps in these folders, such as an `.env` with a key, stay out.
"""

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_FOLDERS = ("answer-key", "assets", "course", "lab", "notebooks")
_FILES = (
    ".release.json",
    "LICENSE",
    "README.md",
    "bootstrap.py",
    "hatch_build.py",
    "pyproject.toml",
    "requirements.txt",
)
_SHOWN = frozenset({".env.example", ".gitignore"})


def course_files(root: Path) -> dict[str, str]:
    """Paths of files, and where each goes in the wheel. Hidden files and folders are left out, but for two that learners get."""
    found = [root / name for name in _FILES if (root / name).is_file()]
    for name in _FOLDERS:
        for folder, folders, files in os.walk(root / name):
            folders[:] = sorted(each for each in folders if not each.startswith((".", "__pycache__")))
            found += [
                Path(folder, each) for each in sorted(files) if not each.startswith(".") or each in _SHOWN
            ]
    return {str(path): f"classroom/course_files/{path.relative_to(root).as_posix()}" for path in found}


class CourseFiles(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the course to a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds."""
        if version == "standard":
            build_data["force_include"].update(course_files(Path(self.root)))

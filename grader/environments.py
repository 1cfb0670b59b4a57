"""The Python that a submission runs with: the lab's own, or one built from what the submission declares.

Built by uv, from wheels alone (nothing of a stranger's is run while it is built), once for each set of declared
packages, and kept.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from grader.errors import GraderError, SubmissionError

Choice = Literal["lab", "submission"]

# what runs an app and a suite, beside what the submission declares; its own versions win where it names them
_RUNNERS = ("pytest>=8", "uvicorn>=0.30", "werkzeug>=3", "nbclient>=0.10", "ipykernel>=6")
_BUILD_SECONDS = 600
_REQUIREMENTS = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements/dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
)


@dataclass(frozen=True)
class Declared:
    """What a submission says that it needs: uv's arguments, and the files that say so."""

    arguments: tuple[str, ...]
    files: tuple[Path, ...]

    def digest(self, root: Path) -> str:
        """Of everything that the environment depends on."""
        whole = hashlib.sha256(repr((sys.version, self.arguments, _RUNNERS)).encode())
        for file in self.files:
            whole.update(file.relative_to(root).as_posix().encode())
            whole.update(file.read_bytes())
        return whole.hexdigest()[:24]


def declared(root: Path) -> Declared | None:
    """What the files at the top of a submission declare; None if they declare nothing."""
    pyproject = root / "pyproject.toml"
    found: list[str] = []
    files: list[Path] = []
    if pyproject.exists() and _names_packages(pyproject):
        found += ["-r", "pyproject.toml", "--all-extras"]
        files.append(pyproject)
        for group in _groups(pyproject):
            found += ["--group", group]
    for name in _REQUIREMENTS:
        if (root / name).exists():
            found += ["-r", name]
            files.append(root / name)
    return Declared(tuple(found), tuple(files)) if files else None


def _table(pyproject: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _names_packages(pyproject: Path) -> bool:
    table = _table(pyproject)
    project = table.get("project")
    return bool(isinstance(project, dict) and project.get("dependencies")) or bool(_groups(pyproject))


def _groups(pyproject: Path) -> list[str]:
    groups = _table(pyproject).get("dependency-groups")
    return list(groups) if isinstance(groups, dict) else []


def cache() -> Path:
    """Where environments are kept: `$XDG_CACHE_HOME`, or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "openai-files-lab" / "environments"


def python_for(root: Path) -> Path:
    """The Python of the environment that a submission declares, built if it is not there yet.

    Raises:
        SubmissionError: it declares nothing, or what it declares can't be had as wheels.
        GraderError: uv can't be run.
    """
    wanted = declared(root)
    if wanted is None:
        raise SubmissionError(
            "--env submission needs a pyproject.toml with dependencies, or a requirements.txt, at the top of the submission."
        )
    home = cache() / wanted.digest(root)
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if python.exists():
        return python
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix="building-") as place:
        # built where it will be: programs in an environment name its folder; a half-built one is never kept
        built = Path(place) / "done"
        _uv(["venv", "--quiet", "--relocatable", "--python", sys.executable, str(built)], root)
        _uv(
            [
                "pip",
                "install",
                "--quiet",
                "--only-binary",
                ":all:",
                "--python",
                str(built),
                *wanted.arguments,
                *_RUNNERS,
            ],
            root,
        )
        try:
            built.rename(home)
        except OSError:
            if not python.exists():  # else another run was quicker
                raise
    return python


def _uv(arguments: list[str], root: Path) -> None:
    uv = [sys.executable, "-m", "uv"] if shutil.which("uv") is None else ["uv"]
    try:
        done = subprocess.run(  # noqa: S603 - our own command line
            [*uv, *arguments], cwd=root, capture_output=True, text=True, timeout=_BUILD_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GraderError(f"The submission's environment could not be built: {error}.") from error
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if line.strip()]
        raise SubmissionError(
            "The packages that it declares can't be installed from wheels: " + " ".join(said[-6:])[-500:]
        )


class Declaration(BaseModel):
    requirements: tuple[str, ...] = ()


def build(declaration: Declaration) -> Any:
    raise NotImplementedError

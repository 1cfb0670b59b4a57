"""Provides this project's packages in a built environment: no index has them, so the sandbox mounts them."""

from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

import classroom
from grader.environments.declaration import canonical

NAME = "openai-files-lab"


def requirements() -> tuple[str, ...]:
    """What the stand-ins and their fixtures need, sound included, canonical and sorted; nothing if this project was not installed."""
    try:
        named = [Requirement(text) for text in metadata.requires(NAME) or ()]
    except metadata.PackageNotFoundError:
        return ()
    # the other extras are the grader's, the proxy's and the notebooks'
    of_fixtures = [each for each in named if each.marker is None or each.marker.evaluate({"extra": "media"})]
    for each in of_fixtures:
        each.marker = None
    return tuple(sorted({canonical(str(each)) for each in of_fixtures}))


def _version() -> str:
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "0"


def _folder() -> Path:
    return Path(classroom.__file__).resolve().parent.parent


def describe() -> tuple[str, ...]:
    """What decides how an environment shows this project."""
    return (NAME, _version(), str(_folder()))


def show_in(packages: Path) -> None:
    """Let an environment import what a sandbox shows of this project, and let pytest find its fixtures there."""
    record = packages / f"{NAME.replace('-', '_')}-{_version()}.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {_version()}\n")
    (record / "entry_points.txt").write_text("[pytest11]\nclassroom = classroom.pytest_plugin\n")
    (packages / f"{NAME.replace('-', '_')}.pth").write_text(f"{_folder()}\n", encoding="utf-8")

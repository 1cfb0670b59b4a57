"""Where a person puts the file of variables of an app: beside the app's project, which may be a folder of the submission."""

import re
from contextlib import suppress
from pathlib import Path

from grader import reading

_MAX = 256 * 1024  # bytes of a file that is looked into
_AT_ROOT = re.compile(r"\.?env[._-]\w[\w.-]*|[\w-]+\.env|.*compose.*\.ya?ml")
_OF_A_PROJECT = (".gitignore", "pyproject.toml", "requirements.txt", "Pipfile", "setup.py", "manage.py")
_NAMES_ENV = re.compile(r"env_file|\.env\b|\$\{\w")


def env_place(root: Path, app: str | None) -> str:
    """The path of an app's `.env`, relative to the submission: in the folder of its own project, if it has one.

    Where something beside the whole reads or shows a file of variables, such as a compose file, it belongs there.

    Args:
        root: the submission's folder.
        app: the file of the app, relative to it; None if it is not known.
    """
    if app is None or _has_its_own(root):
        return ".env"
    folders = [each for each in reversed(Path(app).parent.parents) if each != Path()]
    if Path(app).parent != Path():
        folders.append(Path(app).parent)
    for folder in folders:
        if any((root / folder / name).is_file() for name in _OF_A_PROJECT):
            return (folder / ".env").as_posix()
    return ".env"


def _has_its_own(root: Path) -> bool:
    for file in root.iterdir():
        if not (file.is_file() and _AT_ROOT.fullmatch(file.name)):
            continue
        if "compose" not in file.name:
            return True
        with suppress(reading.Unreadable):
            if _NAMES_ENV.search(reading.read_text(file, _MAX)):
                return True
    return False

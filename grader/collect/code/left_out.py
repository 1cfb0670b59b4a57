"""What git leaves out of a submission, by name."""

from itertools import islice
from pathlib import Path

from grader import reading

_MOST_FILES = 20
_LARGEST = 64 * 1024  # bytes of a .gitignore that are read


def find_gitignore(root: Path, name: str) -> str | None:
    """The .gitignore, relative to the submission, that names a file of that name; None if none does.

    Patterns are not followed: one that matches everything says nothing of a file that the code needs.
    """
    for file in islice(sorted(root.rglob(".gitignore")), _MOST_FILES):
        try:
            lines = reading.read_text(file, _LARGEST).splitlines()
        except reading.Unreadable:
            continue
        if any(line.strip().rpartition("/")[2] == name for line in lines):
            return file.relative_to(root).as_posix()
    return None

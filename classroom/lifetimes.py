"""When the models that a folder uses are shut down, and what replaces them: the output of `classroom models`."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from classroom import materials
from classroom.standin.models import catalogue

SOON = 60  # days
ON_PURPOSE = "ends on purpose"  # a comment on a line that shows how a retired model is refused, say

_PACKAGE = Path(__file__).resolve().parent
_ROOT = materials.root()
# where the lesson's own uses are
PARTS: Mapping[str, tuple[Path, ...]] = {
    "course": (
        _ROOT / "answer-key" / "notebooks",
        _PACKAGE / "exercises",
        _PACKAGE / "widgets",
        _PACKAGE / "voice.py",
        _ROOT / "course" / "instructors.md",
        _ROOT / "README.md",
    ),
    "class proxy": (_PACKAGE / "proxy",),
    "grader": (_PACKAGE.parent / "grader",),
    "answer key": (_ROOT / "answer-key" / "src", _ROOT / "answer-key" / "tests"),
}
_READ = frozenset(
    {
        ".py",
        ".ipynb",
        ".md",
        ".toml",
        ".yaml",
        ".yml",
        ".json",
        ".env",
        ".cfg",
        ".ini",
        ".js",
        ".ts",
        ".mjs",
        ".tsx",
        ".jsx",
        ".sh",
    }
)
_PASSED_OVER = frozenset(
    {".git", ".venv", "venv", "node_modules", "__pycache__", "build", "dist", "site-packages"}
)
_LARGEST = 5_000_000  # bytes of a file
_MOST_FILES = 20_000


@dataclass(frozen=True)
class Use:
    """A model that files use. `files`: relative to the folder that was searched; `model`: None if it is not known."""

    id: str
    model: catalogue.Model | None
    files: tuple[str, ...]

    def days_left(self, today: date) -> int | None:
        """Until the model ends, negative if it has ended; None if no end is announced."""
        if self.model is None or self.model.shutdown is None:
            return None
        return (self.model.shutdown - today).days

    def is_urgent(self, today: date) -> bool:
        """Whether the model ends within sixty days, or has ended."""
        left = self.days_left(today)
        return left is not None and left < SOON


@cache
def _pattern() -> re.Pattern[str]:
    """A model's name in quotes, or after an equals sign, a colon or in a command's list, where it can be nothing else."""
    ids = sorted(catalogue.load().models, key=len, reverse=True)
    known = "|".join(map(re.escape, ids))
    telling = "|".join(re.escape(id) for id in ids if "-" in id)
    looks_like = r"(?:gpt-|chatgpt-|dall-e-|tts-|whisper-|text-embedding-)[a-z0-9.-]*[a-z0-9]"
    return re.compile(
        rf"[\"'`]({known}|{looks_like})(?=\\?[\"'`])|(?:[=:]\s*|,|--models\s+)({telling})(?![\w.-])"
    )


def find_uses(folders: Iterable[Path]) -> list[Use]:
    """The models that files name, those first that end first.

    A line with the comment "ends on purpose" is not counted, nor are a notebook's outputs.
    """
    found: dict[str, set[str]] = {}
    for folder in folders:
        for path in _files(folder):
            name = str(path.relative_to(folder)) if path != folder else path.name
            for line in _lines(path):
                if ON_PURPOSE not in line:
                    for match in _pattern().finditer(line):
                        found.setdefault(match[1] or match[2], set()).add(name)
    models = catalogue.load().models
    uses = [Use(id, models.get(id), tuple(sorted(files))) for id, files in found.items()]
    return sorted(uses, key=lambda use: (_end(use), use.id))


def _end(use: Use) -> date:
    return use.model.shutdown if use.model and use.model.shutdown else date.max


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    seen = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _PASSED_OVER)
        for name in sorted(names):
            path = Path(place, name)
            if (path.suffix in _READ or name.startswith(".env")) and path.is_file() and not path.is_symlink():
                seen += 1
                if seen > _MOST_FILES:
                    return
                yield path


def _lines(path: Path) -> list[str]:
    """A file's lines; of a notebook, those of its cells."""
    try:
        if path.stat().st_size > _LARGEST:
            return []
        content = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix != ".ipynb":
            return content.splitlines()
        cells = json.loads(content)["cells"]
        return [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []  # it can't be read, or is no notebook: it names nothing that runs


def describe(uses: Iterable[Use], today: date) -> list[str]:
    """A line for each use: the model, its end, what replaces it, the files."""
    rows = [(use.id, _when(use, today), _replacement(use), _where(use)) for use in uses]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    ]


def _when(use: Use, today: date) -> str:
    left = use.days_left(today)
    if use.model is None:
        return "not in the catalogue"
    if left is None:
        return "no end announced"
    if left < 0:
        return f"ended on {use.model.shutdown}"
    return f"ends on {use.model.shutdown}, in {left} days"


def _replacement(use: Use) -> str:
    return f"use {use.model.replacement}" if use.model and use.model.replacement else ""


def _where(use: Use) -> str:
    more = f" and {len(use.files) - 2} more" if len(use.files) > 2 else ""
    return ", ".join(use.files[:2]) + more

"""Reads Gradescope's bulk export: `submission_metadata.yml` names the owner of each folder.

Each key names a folder; below it stand `:submitters:`, a list with `:name:`, `:sid:` and `:email:`, and `:created_at:`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from grader.batch.download import Piece
from grader.batch.platforms import Label
from grader.errors import GraderError

_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Exported:
    """What the metadata says of each folder."""

    submissions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.submissions)

    def label(self, folder: str) -> Label | None:
        """The label of a folder that the metadata names."""
        if folder not in self.submissions:
            return None
        names = " & ".join(name for name, _, _ in self.members(folder))
        return Label("gradescope", f"gradescope:{folder}", folder, names or folder)

    def members(self, folder: str) -> list[tuple[str, str, str]]:
        """Name, student id and e-mail address of everyone who handed a folder in."""
        found = self.submissions.get(folder, {}).get(":submitters")
        return [
            (str(each.get(":name") or ""), str(each.get(":sid") or ""), str(each.get(":email") or ""))
            for each in (found if isinstance(found, list) else [])
            if isinstance(each, dict)
        ]

    def submitted(self, folder: str) -> datetime | None:
        """When it was handed in."""
        moment = self.submissions.get(folder, {}).get(":created_at")
        if not isinstance(moment, datetime):
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read(pieces: Sequence[Piece], why: dict[str, str]) -> Exported:
    """The metadata, if the download has any.

    Raises:
        GraderError: it can't be read.
    """
    if not pieces:
        return Exported()
    [piece] = pieces
    why[piece.name] = "The platform's own list of the submissions."
    path = Path(piece.path)
    try:
        if path.stat().st_size > _LARGEST:
            raise GraderError(f"{path} is larger than {_LARGEST // 1024**2} MB.")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe one
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise GraderError(f"{path} can't be read: {str(error)[:300]}") from error
    if not isinstance(found, dict):
        raise GraderError(f"{path} is not what Gradescope writes: a list of submissions by their folders.")
    return Exported({str(name): each for name, each in found.items() if isinstance(each, dict)})

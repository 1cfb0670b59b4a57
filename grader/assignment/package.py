"""An assignment as it travels to where a submission is judged: its texts, laid out there in a folder that is only read."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from grader.errors import AssignmentError

_MOST_FILES, _MOST_BYTES = 500, 4 * 1024 * 1024
_TEXTS = frozenset({".csv", ".json", ".md", ".po", ".py", ".toml", ".txt"})


class Package(BaseModel):
    """The files of an assignment that judging needs, and what its questions depend on.

    Attributes:
        name: of its folder.
        files: path → text.
        asks: the beginnings of the identifiers of the criteria that are asked for.
        questions: a digest of everything that changes what is asked of an app.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    files: dict[str, str]
    asks: tuple[str, ...]
    questions: str

    @contextmanager
    def laid_out(self) -> Iterator[Path]:
        """The files in a new folder that everybody may read; it is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="lab-assignment-") as place:
            Path(place).chmod(0o755)  # a sandbox started by root has a user of its own
            folder = Path(place) / "assignment"
            folder.mkdir(mode=0o755)
            for name, text in self.files.items():
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            for each in (folder, *folder.rglob("*")):
                each.chmod(0o755 if each.is_dir() else 0o644)
            yield folder


def texts(folder: Path, *parts: str | None) -> dict[str, str]:
    """The texts of a folder: of the files and folders in it that are named, without what is hidden.

    Raises:
        AssignmentError: one can't be read, is no text, or there are too many.
    """
    found: dict[str, str] = {}
    room = _MOST_BYTES
    for part in parts:
        if part is None:
            continue
        place = folder / part
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            name = file.relative_to(folder).as_posix()
            is_hidden = any(each.startswith((".", "__pycache__")) for each in name.split("/"))
            if is_hidden or file.is_symlink() or not file.is_file():
                continue
            if file.suffix not in _TEXTS:
                raise AssignmentError(f"{file} is not a text that judging can use: move it elsewhere.")
            try:
                found[name] = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise AssignmentError(f"{file} can't be read as UTF-8: {error}.") from error
            room -= len(found[name])
            if room < 0 or len(found) > _MOST_FILES:
                raise AssignmentError(
                    f"{folder} is too large to judge by: at most {_MOST_FILES} files and {_MOST_BYTES // 1024 // 1024} MB."
                )
    return found


def digest(*texts_: str) -> str:
    """Of some texts, in their order."""
    whole = hashlib.sha256()
    for text in texts_:
        whole.update(f"{len(text)}\0{text}".encode())
    return whole.hexdigest()

"""Who is in the class: a CSV as learning platforms export it, or one written by hand.

A header names the columns. Read are: a name (`name`, `student`, `full name`, or `first name` and `last name`), and
anything by which a submission may be known (`id`, `email`, `login`, `github`, `identifier` …): every other column.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.batch.handed_in import HandedIn
from grader.errors import GraderError

_NAMES = ("name", "full name", "student", "student name", "learner")
_IDS = (
    "id",
    "identifier",
    "student id",
    "sis user id",
    "participant",
    "user id",
    "login",
    "email",
    "email address",
)
_LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True)
class Learner:
    """One row: how to call them, by which identifier, and the row itself (column names in small letters)."""

    name: str
    id: str
    row: Mapping[str, str] = field(default_factory=dict)


def read(file: Path) -> list[Learner]:
    """The learners of a roster, in its order.

    Raises:
        GraderError: it can't be read, has no names, or has a name twice; the text says where.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise GraderError(f"The roster {file} is larger than {_LARGEST // 1024**2} MB.")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GraderError(f"The roster {file} can't be read: {error}") from error
    try:
        columns, rows = _rows(text)
    except csv.Error as error:
        raise GraderError(f"The roster {file} can't be read as CSV: {error}.") from error
    if not {"first name", "last name"} <= set(columns) and not set(columns) & set(_NAMES):
        raise GraderError(
            f"The roster {file} needs a header with a column for names: one of {', '.join(_NAMES)}. It has: "
            f"{', '.join(columns) or 'nothing'}."
        )
    learners: list[Learner] = []
    for values in rows:
        row = {
            str(name).strip().casefold(): str(value or "").strip() for name, value in values.items() if name
        }
        name = next((row[each] for each in _NAMES if row.get(each)), "")
        name = name or f"{row.get('first name', '')} {row.get('last name', '')}".strip()
        if not name or name.casefold() in ("points possible", "student, test"):
            continue  # Canvas' own lines
        learners.append(Learner(name, next((row[each] for each in _IDS if row.get(each)), name), row))
    twice = sorted(id for id, times in Counter(learner.id for learner in learners).items() if times > 1)
    if twice:
        raise GraderError(f"The roster {file} has {twice[0]!r} twice: give every learner an id of their own.")
    return learners


def _rows(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """The names of the columns, in small letters, and every row, by the columns' own names."""
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    return [str(name).strip().casefold() for name in reader.fieldnames or ()], list(reader)


def matched(
    submissions: Sequence[HandedIn], learners: Sequence[Learner]
) -> tuple[dict[str, Learner], list[Learner]]:
    """Whose each submission is, by its name; and who handed in nothing."""
    by_value: dict[str, Learner] = {}
    for learner in learners:
        for value in (learner.name, learner.id, *learner.row.values()):
            for key in _keys(value):
                by_value.setdefault(key, learner)
    whose: dict[str, Learner] = {}
    for one in submissions:
        owner = next((by_value[key] for each in one.handles for key in _keys(each) if key in by_value), None)
        if owner:
            whose[one.name] = owner
    present = {learner.id for learner in whose.values()}
    return whose, [learner for learner in learners if learner.id not in present]


def _keys(value: str) -> list[str]:
    """How a name may be written: as it is, without what is no letter or digit, and with its parts the other way round."""
    plain = re.sub(r"[\W_]+", "", value.casefold())
    parts = re.split(r"[,\s]+", value.casefold().strip())
    turned = re.sub(r"[\W_]+", "", "".join([*parts[1:], parts[0]])) if len(parts) > 1 else ""
    return [key for key in (plain, turned) if len(key) > 1 or key.isdigit()]

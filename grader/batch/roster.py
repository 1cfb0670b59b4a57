"""The class roster: a CSV exported from a learning platform or written by hand.

Read are, by their columns' names: Canvas' gradebook, Moodle's list of participants and its grading worksheet (with names, or
without where marking is blind), the rosters of Gradescope, Classroom 50 and GitHub Classroom (of old), and anything with
a column for names or identifiers. UTF-8, UTF-16 and Latin-1; separated by comma, semicolon or tab. Headers in a
language that is not known here are recognised by what is below them, or named by `--roster-columns`.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from grader.batch.columns import ASSIGNMENT, IDS, MAXIMUM, NUMBERED, STAFF, plain, roles_of
from grader.batch.names import keys_of
from grader.errors import GraderError

Platform = Literal["canvas", "moodle", "gradescope", "other"]

_LARGEST = 10 * 1024 * 1024
_LOGIN = re.compile(r"(?=.*[^\W\d_])[\w.+-]{2,}(@[\w.-]+)?")


@dataclass(frozen=True)
class Learner:
    """One row: how to call them, by which identifier, and the row itself (column names in small letters).

    `numbers`: the platform's own identifiers of theirs. `handles`: everything else by which they may be known, but names.
    `groups`: those that they work in, by the roster.
    """

    name: str
    id: str
    row: Mapping[str, str] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True)
class Roster:
    """`platform`: whose identifiers its numbers are. `assignments`: Canvas' own columns for grades, and what can be
    reached in each. `maximum`: what can be reached in Moodle's worksheet. `word`: Moodle's for a participant."""

    learners: tuple[Learner, ...] = ()
    platform: Platform = "other"
    assignments: Mapping[str, str] = field(default_factory=dict)
    maximum: float | None = None
    word: str = ""
    header: tuple[str, ...] = ()

    def knows(self, name: str) -> bool:
        """Whether somebody goes by a name or an identifier."""
        wanted = set(keys_of(name))
        return any(wanted & {*learner.handles, *keys_of(learner.name)} for learner in self.learners)


def read(file: Path) -> list[Learner]:
    """The learners of a roster, in its order; see `read_roster`."""
    return list(read_roster(file).learners)


def read_roster(file: Path, columns: Mapping[str, str] | None = None) -> Roster:
    """Read a class's roster.

    Args:
        columns: which column is which, by its name or its number from 1, for "id", "name", "first", "last", "email"
            and "group".

    Raises:
        GraderError: it can't be read, has neither names nor identifiers, or has an identifier twice; the text says where.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise GraderError(f"The roster {file} is larger than {_LARGEST // 1024**2} MB.")
        text = _decode(file.read_bytes())
    except OSError as error:
        raise GraderError(f"The roster {file} can't be read: {error.strerror}.") from error
    try:
        table = _rows(text)
    except csv.Error as error:
        raise GraderError(f"The roster {file} can't be read as CSV: {error}.") from error
    if not table:
        raise GraderError(f"The roster {file} is empty.")
    header = [plain(each) for each in table[0]]
    rows = [row for row in table[1:] if any(cell.strip() for cell in row)]
    roles = roles_of(file, header, rows, columns or {})
    return _whole(file, table[0], header, rows, roles)


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    if content[:4096].count(0) > len(content[:4096]) // 4:
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _rows(text: str) -> list[list[str]]:
    """The cells of every row. What separates them is what makes the most columns of the first line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.casefold().startswith("sep=") and len(first) == 5:
        return _rows(text.partition("\n")[2])
    separator = max(",;\t", key=lambda each: len(next(csv.reader([first], delimiter=each), [])))
    table = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    width = len(table[0]) if table else 0
    return [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in table]


# --- the rows -----------------------------------------------------------------------------------------------------


def _whole(
    file: Path,
    names: Sequence[str],
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    roles: Mapping[str, int],
) -> Roster:
    is_canvas = header[0] in ("student", "lastname", "last name") and "id" in header and "section" in header
    whole = _of_platform(names, header, rows, roles, is_canvas=is_canvas)
    taken = set(roles.values()) - {roles.get("id", -1)}
    telling = {at for at in range(len(header)) if at not in taken and _tells_apart([row[at] for row in rows])}
    learners: dict[str, Learner] = {}
    for number, values in enumerate(rows, 2):
        if is_canvas and (
            values[0].casefold() in ("points possible", "student, test") or not _is_canvas_row(values)
        ):
            if values[0].casefold() == "points possible":
                points = {name: values[names.index(name)] for name in whole.assignments}
                whole = replace(whole, assignments=points)
            continue
        if "role" in roles and values[roles["role"]].casefold() in STAFF:
            continue
        learner = _learner(header, values, roles, telling)
        if learner is None:
            continue
        before = learners.get(learner.id)
        learners[learner.id] = learner if before is None else _merged(before, learner, file, number)
    return replace(whole, learners=tuple(learners.values()))


def _of_platform(
    names: Sequence[str],
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    roles: Mapping[str, int],
    *,
    is_canvas: bool,
) -> Roster:
    """The roster without its learners, by the platform that its header shows."""
    whole = Roster(header=tuple(names))
    if is_canvas:
        after = header.index("section") + 1
        assignments = {name: "" for name in names[after:] if ASSIGNMENT.fullmatch(name.strip())}
        return replace(whole, platform="canvas", assignments=assignments)
    if "number" in roles:
        word = next(found["word"] for row in rows if (found := NUMBERED.fullmatch(row[roles["number"]])))
        return replace(whole, platform="moodle", word=word, maximum=_maximum(header, rows))
    if "participant" in header:
        return replace(whole, platform="moodle")
    if {"sid", "role"} <= set(header):
        return replace(whole, platform="gradescope")
    return whole


def _merged(before: Learner, learner: Learner, file: Path, number: int) -> Learner:
    """One learner of two rows with one identifier: someone in several groups, or the same row twice."""
    if before.name != learner.name:
        raise GraderError(
            f"The roster {file} has {learner.id!r} twice (again in row {number}): give every learner an id of their "
            "own, or say which column holds it: --roster-columns id=…"
        )
    if before.row == learner.row:
        return before
    if before.id == before.name:
        raise GraderError(
            f"The roster {file} has {learner.id!r} twice, and no column that tells them apart: give every "
            "learner an id of their own."
        )
    return replace(learner, groups=tuple(dict.fromkeys((*before.groups, *learner.groups))))


def _is_canvas_row(values: Sequence[str]) -> bool:
    """Whether a row of Canvas' is a learner's: not the one that says which columns are posted by hand."""
    return bool(values[0] or values[1])


def _maximum(header: Sequence[str], rows: Sequence[Sequence[str]]) -> float | None:
    at = next((at for at, name in enumerate(header) if name in MAXIMUM), None)
    if at is None:
        return None
    found = {row[at].replace(",", ".") for row in rows if row[at]}
    try:
        return float(found.pop()) if len(found) == 1 else None
    except ValueError:
        return None


def _learner(
    header: Sequence[str], values: Sequence[str], roles: Mapping[str, int], telling: set[int]
) -> Learner | None:
    row = {name: value for name, value in zip(header, values, strict=False) if name}

    def cell(role: str) -> str:
        return values[roles[role]] if role in roles else ""

    name = cell("name") or f"{cell('first')} {cell('last')}".strip()
    numbered = NUMBERED.fullmatch(cell("number"))
    id = (
        cell("number")
        or cell("id")
        or next((row[each] for each in IDS if row.get(each)), "")
        or cell("email")
        or name
    )
    name = name or id
    if not name:
        return None
    numbers = {numbered["number"].lstrip("0") or "0"} if numbered else set()
    if "number" not in roles:
        numbers |= {cell("id").lstrip("0") or "0"} if cell("id").isdigit() else set()
    handles = {cell("number"), cell("id"), cell("email"), *(row.get(each, "") for each in IDS)}
    handles |= {values[at] for at in telling}
    return Learner(
        name,
        id,
        row,
        frozenset(numbers),
        frozenset(key for handle in handles if handle for key in keys_of(handle)),
        tuple(each.strip() for each in re.split(r"[;,]", cell("group")) if each.strip()),
        cell("email"),
    )


def _tells_apart(values: Sequence[str]) -> bool:
    """Whether a column of another name may hold logins: no grades, sections or dates, and no two alike."""
    given = [value for value in values if value]
    return len(set(given)) == len(given) and all(_LOGIN.fullmatch(value) for value in given)

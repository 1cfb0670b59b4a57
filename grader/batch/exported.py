"""Files for import into Canvas and Moodle: grade tables, and ZIPs of feedback pages.

The importers' rules are ported in `tests/grader/importers.py`, each from its source. Only judged work of a known owner is
in any of them: nothing says 0 for what was not graded, and nothing goes to a learner on a guess.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.batch.columns import MAXIMUM, plain
from grader.batch.entries import Entry
from grader.batch.roster import Learner, Roster
from grader.batch.table import render_csv
from grader.report.language import ENGLISH, Language

_INFORMATION = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
# Moodle's words for the column of the grade itself; where they are not known, it stands before the one of the maximum
_GRADE = frozenset(
    [
        "grade",
        "bewertung",
        "note",
        "calificación",
        "valutazione",
        "nota",
        "cijfer",
        "betyg",
        "karakter",
        "arvosana",
    ]
)
_FEEDBACK = frozenset(
    ["feedback comments", "feedback als kommentar", "commentaires", "comentarios de retroalimentación"]
)
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Table:
    """A file to import, and what a person should know of it before."""

    text: str
    notes: tuple[str, ...] = ()


def _graded(entries: Sequence[Entry]) -> list[tuple[Entry, float, float]]:
    """Those with a grade: the grade, and what could be reached."""
    return [
        (one, one.grade, one.out_of)
        for one in entries
        if one.grade is not None and one.out_of is not None and not one.questions
    ]


def _scale(grade: float, out_of: float, maximum: float) -> float:
    return round(min(grade, out_of) / out_of * maximum, 2) if out_of else 0.0


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


# --- Canvas ---------------------------------------------------------------------------------------------------------


def canvas(entries: Sequence[Entry], title: str, roster: Roster | None = None, column: str = "") -> Table:
    """For Canvas: Grades, Import.

    With Canvas' gradebook as the roster, the column is the assignment's own, "Title (id)", and its points are what Canvas
    says; any other title would be a new assignment.

    Args:
        column: the assignment's, where the gradebook has several.
    """
    roster = roster or Roster()
    graded = _graded(entries)
    chosen, notes = _column(roster, title, column, graded)
    points = _points(roster.assignments.get(chosen, ""))
    most = points if points is not None else next((out_of for _, _, out_of in graded), None)
    rows: list[Sequence[object]] = [
        [*_INFORMATION, chosen],
        ["Points Possible", "", "", "", "", _number(most) if most is not None else ""],
    ]
    for one, grade, out_of in graded:
        row = one.learner.row if one.learner else {}
        label = one.label if one.label and one.label.platform == "canvas" else None
        id = row.get("id", "") if roster.platform == "canvas" or one.is_group or not label else label.number
        if (roster.platform == "canvas" and one.learner is None) or id.startswith("anon_"):
            continue  # whom the platform alone knows
        shown = grade if points is None else _scale(grade, out_of, points)
        known = [row.get(plain(each), "") for each in _INFORMATION]
        rows.append([known[0] or one.name, id, *known[2:], _number(shown)])
    return Table(render_csv(rows), notes)


def _column(
    roster: Roster, title: str, wanted: str, graded: Sequence[tuple[Entry, float, float]]
) -> tuple[str, tuple[str, ...]]:
    columns = list(roster.assignments)
    for name in (wanted, title):
        exact = [each for each in columns if name and name in (each, re.sub(r" \(\d+\)$", "", each))]
        if len(exact) == 1:
            return exact[0], ()
    if wanted and columns:
        return wanted, (f"canvas.csv: the gradebook has no column {wanted!r}; it has: {', '.join(columns)}.",)
    empty = [each for each in columns if not any(row.row.get(plain(each)) for row in roster.learners)]
    candidates = empty or columns
    if len(candidates) == 1:
        return candidates[0], ()
    if not candidates:
        return title, ()
    which = ", ".join(candidates[:6])
    return title, (
        f"canvas.csv: which assignment is this? The gradebook has {which}. Write it into class.toml: "
        f'assignment = "{candidates[0]}". Until then Canvas asks when you import.',
    )


def _points(text: str) -> float | None:
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        return None
    return found if found > 0 else None


# --- Moodle ---------------------------------------------------------------------------------------------------------


def moodle(entries: Sequence[Entry], roster: Roster | None = None, say: Language = ENGLISH) -> Table:
    """For Moodle: the assignment, Upload grading worksheet.

    With the worksheet as the roster, its own columns are given back, so that Moodle finds them in its own language: a row's
    grade, on the scale of the worksheet, and a comment in the class's language, where it has none.
    """
    roster = roster or Roster()
    header = [plain(each) for each in roster.header]
    at = _grade_column(header, roster.learners)
    if roster.platform == "moodle" and at is not None:
        return _worksheet(_graded(entries), roster, header, at, say)
    rows: list[Sequence[object]] = [
        [
            "Identifier",
            "Full name",
            "Email address",
            "Grade",
            "Maximum Grade",
            "Last modified (grade)",
            "Feedback comments",
        ]
    ]
    skipped = 0
    for one, grade, out_of in _graded(entries):
        number = _participant(one)
        if not number:
            skipped += 1
            continue
        email = one.learner.email if one.learner else ""
        shown = _number(min(grade, out_of))
        rows.append(
            [f"Participant {number}", one.name, email, shown, _number(out_of), "", _comment(one, say)]
        )
    notes = (
        f"moodle.csv leaves out {skipped} learners, whose numbers in the assignment are not known: give Moodle's grading "
        "worksheet as --roster.",
    )
    is_moodle_s = roster.platform in ("moodle", "other")  # another platform's class imports no such file
    return Table(render_csv(rows), notes if skipped and roster.learners and is_moodle_s else ())


def _participant(one: Entry) -> str:
    """The learner's number in the assignment; never a group's."""
    row = one.learner.row if one.learner else {}
    identifier = row.get("identifier") or row.get("participant") or ""
    if found := re.search(r"(\d+)$", identifier):
        return found[1]
    label = one.label
    if label is None or label.platform != "moodle":
        return ""
    is_theirs = one.learner is not None or label.name.casefold() == "participant"
    return label.number if is_theirs and not one.is_group else ""


def _grade_column(header: Sequence[str], learners: Sequence[Learner]) -> int | None:
    by_name = [at for at, name in enumerate(header) if name in _GRADE]
    if len(by_name) == 1:
        return by_name[0]
    most = next((at for at, name in enumerate(header) if name in MAXIMUM), None)
    if most is None and learners:  # the one column of one number in every row
        cells = [{learner.row.get(name, "") for learner in learners} for name in header]
        numbers = [
            at for at, found in enumerate(cells) if len(found) == 1 and _points(next(iter(found))) is not None
        ]
        most = numbers[0] if len(numbers) == 1 else None
    return most - 1 if most else None


def _worksheet(
    graded: Sequence[tuple[Entry, float, float]],
    roster: Roster,
    header: Sequence[str],
    at: int,
    say: Language,
) -> Table:
    maximum = roster.maximum
    if maximum is None and at + 1 < len(header):
        found = {learner.row.get(header[at + 1], "") for learner in roster.learners}
        maximum = _points(found.pop()) if len(found) == 1 else None
    comment = next((place for place, name in enumerate(header) if name in _FEEDBACK), None)
    rows: list[Sequence[object]] = [list(roster.header)]
    over = []
    for one, grade, out_of in graded:
        if one.learner is None:
            continue
        cells = [one.learner.row.get(name, "") for name in header]
        cells = ["" if cell == "-" else cell for cell in cells]
        cells[at] = _number(_scale(grade, out_of, maximum) if maximum is not None else min(grade, out_of))
        over += [one.name] if grade > out_of else []
        if comment is not None and not cells[comment]:
            cells[comment] = _comment(one, say)
        rows.append(cells)
    notes = (f"moodle.csv: Moodle takes no more than the maximum, which {', '.join(over[:5])} would exceed.",)
    return Table(render_csv(rows), notes if over else ())


def _comment(one: Entry, say: Language) -> str:
    assert one.report is not None
    open_ones = [say(result.title) for result in one.report.criteria if result.status == "failed"]
    if one.report.complete:
        return say("Complete.")
    return say("To do: {titles}", titles="; ".join(open_ones[:8]))


# --- feedback -------------------------------------------------------------------------------------------------------


def canvas_feedback(entries: Iterable[Entry], page: Callable[[str], bytes | None]) -> bytes | None:
    """For Canvas: the assignment, Upload submissions again. None if nobody's page can be named.

    Canvas finds the learner by the first number between `_`, and one of their attachments by the second.
    """
    pages = {}
    for one in entries:
        label = one.label
        if label is None or label.platform != "canvas" or not label.order or not _has_page(one):
            continue
        content = page(one.page)
        if content is not None and (label.number.isdigit() or label.number.startswith("anon_")):
            who = label.number if label.number.startswith("anon_") else f"{_word(label.name)}_{label.number}"
            pages[f"{who}_{label.order}_report.html"] = content
    return _zip(pages)


def moodle_feedback(entries: Iterable[Entry], page: Callable[[str], bytes | None]) -> bytes | None:
    """For Moodle: the assignment, Upload multiple feedback files in a ZIP.

    Moodle finds the learner by the number behind the first `_` of a folder's name; of a group, every member's own.
    """
    pages = {}
    for one in entries:
        number = _participant(one)
        content = page(one.page) if number and _has_page(one) else None
        if content is not None:
            name = re.sub(r"[_/\\]", " ", one.name).strip() or "Participant"
            pages[f"{name}_{number}_assignsubmission_file_/report.html"] = content
    return _zip(pages)


def _has_page(one: Entry) -> bool:
    return bool(one.page) and one.grade is not None and not one.questions


def _word(name: str) -> str:
    """A name without what Canvas could take for a number between `_`."""
    return (
        "_".join(part for part in re.sub(r"[^\w]", "", name).split("_") if part and not part.isdigit())
        or "learner"
    )


def _zip(pages: Mapping[str, bytes]) -> bytes | None:
    if not pages:
        return None
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in sorted(pages.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, content)
    return out.getvalue()

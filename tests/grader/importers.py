"""What platforms do with a file that is imported, ported from their sources in our own words.

- `canvas_gradebook`: Canvas, `lib/gradebook_importer.rb`.
- `canvas_submissions`: Canvas, `AbstractAssignment#infer_comment_context_from_filename`.
- `moodle_worksheet`: Moodle, `mod/assign/feedback/offline/importgradeslib.php` and `locallib.php`.
- `moodle_feedback`: Moodle, `mod/assign/feedback/file/importziplib.php`.
- `classroom50_result`: Classroom 50, `collect_scores.py`, `validate_result`.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any


class Refused(Exception):
    """The platform takes nothing of it."""


def canvas_gradebook(
    text: str, assignments: Mapping[int, str], students: Iterable[int]
) -> dict[tuple[int, int], float]:
    """Student and assignment → the grade that is imported.

    Raises:
        Refused: the header is not one, or it would make a new assignment or a new student.
    """
    rows = list(csv.reader(io.StringIO(text)))
    header, known = rows[0], set(students)
    if not (len(header) > 3 and "Student" in header[0] and "ID" in header[1]):
        raise Refused("Invalid header row")
    columns = 3
    if re.search(r"SIS\s+Login\s+ID", header[2]):
        columns += 1
    elif re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3]):
        columns += 2 + bool(re.search(r"Integration\s+ID", header[4]))
    if "Section" not in header[columns - 1]:
        raise Refused("Invalid header row")
    found: dict[tuple[int, int], float] = {}
    places = {}
    for at, name in enumerate(header[columns:], columns):
        title_and_id = re.fullmatch(r"(.*) \((\d+)\)", name)
        id = int(title_and_id[2]) if title_and_id and int(title_and_id[2]) in assignments else None
        id = id or next((each for each, title in assignments.items() if title == name), None)
        if id is None:
            raise Refused(f"{name} would be a new assignment")
        places[id] = at
    for row in rows[1:]:
        if "Points Possible" in row[0]:
            continue
        if not row[1].isdigit() or int(row[1]) not in known:
            raise Refused(f"{row[0]} would be a new student")
        for id, at in places.items():
            found[int(row[1]), id] = float(row[at])
    return found


def canvas_submissions(archive: bytes, attachments: Mapping[int, Iterable[int]]) -> dict[int, bytes]:
    """Student → the file that is put before them; what names no attachment of theirs is ignored."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        for name in bundle.namelist():
            parts = name.rpartition("/")[2].split("_")
            numbers = [int(part) for part in parts if re.fullmatch(r"\d+", part)][:2]
            if len(numbers) < 2 or parts[-1].startswith("link") or name.startswith("._"):
                continue
            student, attachment = numbers
            if attachment in attachments.get(student, ()):
                found[student] = bundle.read(name)
    return found


def moodle_worksheet(
    text: str,
    participants: Mapping[int, str],
    maximum: float,
    words: tuple[str, str, str] = ("Identifier", "Grade", "Last modified (grade)"),
    prefix: str = "Participant ",
) -> dict[str, float]:
    """Person → the grade that is imported.

    Args:
        participants: the number in this assignment → a person.
        words: the three headers in the site's language; `prefix`: the word before a number, with its blank.

    Raises:
        Refused: one of the three columns is missing.
    """
    header, *rows = list(csv.reader(io.StringIO(text)))
    if not set(words) <= set(header):
        raise Refused("Missing one of the three columns")
    id_at, grade_at, _ = (header.index(word) for word in words)
    found = {}
    for row in rows:
        number = row[id_at][len(prefix) :]
        person = participants.get(int(number)) if number.isdigit() else None
        if person is None or row[grade_at] == "":
            continue
        grade = float(row[grade_at])
        if 0 <= grade <= maximum:
            found[person] = grade
    return found


def moodle_feedback(archive: bytes, participants: Mapping[int, str]) -> dict[str, tuple[str, bytes]]:
    """Person → name and content of the file that becomes their feedback."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        for path in bundle.namelist():
            parts = path.split("/")
            if parts[-1].startswith((".", "~")):
                continue
            while parts:
                information = parts.pop(0).split("_", 4)
                if (
                    len(information) < 4
                    or not information[1].isdigit()
                    or int(information[1]) not in participants
                ):
                    continue
                if information[2] not in ("assignsubmission", "assignfeedback") or information[3] != "file":
                    continue
                name = "/".join([*information[4:], *parts]).strip("/")
                found[participants[int(information[1])]] = (name, bundle.read(path))
                break
    return found


def classroom50_result(payload: Any, classroom: str, assignment: str, owner: str) -> None:
    """Raises:
    Refused: it breaks the first version of the contract.
    """

    def number(value: Any) -> bool:
        return type(value) is int and value >= 0

    expected = {
        "schema": "classroom50/result/v1",
        "classroom": classroom,
        "assignment": assignment,
        "owner": owner,
        "assignment_type": "individual",
    }
    for field, value in expected.items():
        if payload.get(field) != value:
            raise Refused(f"{field} is {payload.get(field)!r}")
    for field in ("submission", "commit", "release", "review", "datetime"):
        if not isinstance(payload.get(field), str) or not payload[field]:
            raise Refused(f"{field} is {payload.get(field)!r}")
    if not payload["submission"].startswith("submit/"):
        raise Refused("submission is no tag")
    if (
        not number(payload["score"])
        or not number(payload["max-score"])
        or payload["score"] > payload["max-score"]
    ):
        raise Refused("score")
    for test in payload["tests"]:
        if (
            not isinstance(test["test-name"], str)
            or not test["test-name"]
            or type(test["passed"]) is not bool
        ):
            raise Refused("test")
        if not number(test["score"]) or not number(test["max-score"]) or test["score"] > test["max-score"]:
            raise Refused("the score of a test")

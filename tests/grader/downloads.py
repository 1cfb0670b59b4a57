"""Makes downloads as platforms name them, and the rosters that go with them: for tests, and to look at.

    python -m tests.grader.downloads FOLDER

Every class has two learners of one name, a learner of each odd kind (loose files, a ZIP in a ZIP, a damaged archive, two
archives, a PDF alone, a late one), and one who handed in nothing. The names follow the platforms' own programs; see
`grader.batch.platforms`.
"""

import csv
import io
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Files = Mapping[str, bytes]
_UNCLEAN = re.compile(r"[\x00-\x1f&<>\"`|':\\/]")  # what Moodle takes out of a file's name (`clean_filename`)
APP = b"from fastapi import FastAPI\n\napp = FastAPI()\n# %s\n"


def packed(files: Files, year: int = 2026) -> bytes:
    """A ZIP of files, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        for name, content in files.items():
            bundle.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


@dataclass(frozen=True)
class Person:
    """A learner: their number on the platform, and what they handed in, as files by their own names."""

    first: str
    last: str
    number: int
    files: Files = field(default_factory=dict)
    late: bool = False

    @property
    def name(self) -> str:
        """As it is spoken."""
        return f"{self.first} {self.last}"

    @property
    def sortable(self) -> str:
        """As it is sorted."""
        return f"{self.last}, {self.first}"

    @property
    def email(self) -> str:
        """Nobody else's."""
        return f"{self.first}.{self.last}.{self.number}@example.org".casefold().replace(" ", "")


def project(word: str) -> Files:
    """A small project; the word makes it unlike every other."""
    return {"main.py": APP % word.encode(), "test_main.py": b"def test_it():\n    assert True\n"}


def a_class() -> list[Person]:
    """Ten learners."""
    return [
        Person("Anna", "Schmidt", 101, {"work.zip": packed(project("anna one"))}),
        Person("Anna", "Schmidt", 102, {"work.zip": packed(project("anna two"))}),
        Person("Ada", "Lovelace", 103, project("loose")),
        Person("Grace", "Hopper", 104, {"outer.zip": packed({"inner.zip": packed(project("nested"))})}),
        Person("Linus", "T_orv 9 alds", 105, {"broken.zip": b"PK\x03\x04 no archive"}),
        Person(
            "Guido",
            "van Rossum",
            106,
            {"work.zip": packed(project("first"), 2020), "work-1.zip": packed(project("second"), 2025)},
            late=True,
        ),
        Person("Barbara", "Liskov", 107, {"report.pdf": b"%PDF-1.7 words"}),
        Person(
            "Edsger",
            "Dijkstra",
            108,
            {"solo.ipynb": b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'},
        ),
        Person("Ken", "Thompson", 109, {"work.rar": b"Rar!\x1a\x07\x00 no archive of ours"}),
        Person("Donald", "Knuth", 117),
    ]


# --- Canvas ---------------------------------------------------------------------------------------------------------


def canvas(people: Sequence[Person]) -> Files:
    """As `lib/content_zipper.rb` names them: every attachment has a number of its own, later ones larger ones."""
    found, attachment = {}, 5000
    for person in people:
        name = "".join(each for each in person.sortable.casefold() if each.isalnum() or each == "_")
        for file, content in person.files.items():
            attachment += 1
            found[f"{name}{'_LATE' if person.late else ''}_{person.number}_{attachment}_{file}"] = content
    return found


def canvas_gradebook(people: Sequence[Person]) -> str:
    """As Canvas exports it: two rows before the learners, one that nobody grades after them."""
    rows: list[list[object]] = [
        [
            "Student",
            "ID",
            "SIS User ID",
            "SIS Login ID",
            "Section",
            "Quiz (11)",
            "Files Lab (22)",
            "Final Score",
        ],
        ["", "", "", "", "", "Manual Posting", "", ""],
        ["    Points Possible", "", "", "", "", "10.00", "100.00", "(read only)"],
    ]
    rows += [
        [person.sortable, person.number, f"s{person.number}", person.email, "A", "7", "", "70"]
        for person in people
    ]
    rows.append(["Student, Test", 999, "", "test", "A", "", "", ""])
    return table(rows)


# --- Moodle ---------------------------------------------------------------------------------------------------------


def moodle(people: Sequence[Person], *, blind: bool = False, flat: bool = False) -> Files:
    """As `mod/assign/classes/downloader.php` names them."""
    found = {}
    for person in people:
        name = "Participant" if blind else _UNCLEAN.sub("", person.name.replace("_", " "))
        for file, content in person.files.items():
            between = "_" if flat else "/"
            found[f"{name}_{person.number}_assignsubmission_file{between}{file}"] = content
    return found


def moodle_worksheet(
    people: Sequence[Person], *, blind: bool = False, groups: Mapping[int, str] | None = None
) -> str:
    """As the grading worksheet is exported, in the order of `gradingtable.php`."""
    team = ["Group"] if groups else []
    names = [] if blind else ["Full name", "Email address"]
    rows: list[list[object]] = [
        [
            "Identifier",
            *names,
            "Status",
            *team,
            "Grade",
            "Maximum Grade",
            "Grade can be changed",
            "Last modified (submission)",
            "Last modified (grade)",
            "Feedback comments",
        ]
    ]
    for person in people:
        shown = [] if blind else [person.name, person.email]
        status = "Submitted for grading" if person.files else "No submission"
        group = [(groups or {}).get(person.number, "")] if groups else []
        when = "Friday, 20 November 2026, 10:30 AM" if person.files else "-"
        rows.append(
            [f"Participant {person.number}", *shown, status, *group, "", "100.00", "Yes", when, "-", ""]
        )
    return table(rows)


def moodle_groups(files: Files) -> Files:
    """Two groups and no group at all; the number of the second is that of a learner who handed in nothing."""
    return {
        **{f"Group A_31_assignsubmission_file/{name}": content for name, content in files.items()},
        **{f"Group B_17_assignsubmission_file/{name}": content for name, content in project("B").items()},
    }


# --- Gradescope, repositories -----------------------------------------------------------------------------------------


def gradescope(people: Sequence[Person]) -> Files:
    """As its bulk export names them."""
    found: dict[str, bytes] = {}
    metadata = ["---"]
    for number, person in enumerate((each for each in people if each.files), 900):
        metadata += [
            f"submission_{number}:",
            "  :submitters:",
            f'  - :name: "{person.name}"',
            f"    :sid: '{person.number}'",
            f"    :email: {person.email}",
            "  :created_at: 2026-11-20 10:30:00.000000000 Z",
        ]
        found |= {
            f"assignment_7_export/submission_{number}/{file}": content
            for file, content in person.files.items()
        }
    found["assignment_7_export/submission_metadata.yml"] = "\n".join(metadata).encode()
    return found


def gradescope_roster(people: Sequence[Person]) -> str:
    """As it is downloaded, staff and all."""
    rows: list[list[object]] = [["First Name", "Last Name", "SID", "Email", "Role", "Sections"]]
    rows += [[each.first, each.last, each.number, each.email, "Student", "01"] for each in people]
    rows.append(["Ina", "Structor", 1, "ina@example.org", "Instructor", ""])
    return table(rows)


def classroom50(people: Sequence[Person]) -> Files:
    """Clones of repositories: the classroom's name, the assignment's, the learner's."""
    return {
        f"cs-2026-files-lab-{login(person)}/{file}": content
        for person in people
        for file, content in person.files.items()
    }


def classroom50_roster(people: Sequence[Person]) -> str:
    """`roster.csv` of Classroom 50."""
    rows: list[list[object]] = [
        ["username", "first_name", "last_name", "email", "section", "github_id", "role"]
    ]
    rows += [
        [login(each), each.first, each.last, each.email, "A", 9000 + each.number, "student"]
        for each in people
    ]
    rows.append(["prof", "Ina", "Structor", "ina@example.org", "", 1, "instructor"])
    return table(rows)


def login(person: Person) -> str:
    """A name on GitHub."""
    return f"{person.first[0]}{person.last[:3]}-{person.number}".casefold().replace("_", "")


def table(rows: Sequence[Sequence[object]]) -> str:
    """CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def put(place: Path, files: Files) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def main() -> None:
    """Write one of each."""
    root = Path(sys.argv[1])
    people = a_class()
    made = {
        "canvas": (canvas(people), canvas_gradebook(people)),
        "moodle": (moodle(people), moodle_worksheet(people)),
        "moodle-blind": (moodle(people, blind=True), moodle_worksheet(people, blind=True)),
        "gradescope": (gradescope(people), gradescope_roster(people)),
        "classroom50": (classroom50(people), classroom50_roster(people)),
    }
    for name, (files, roster) in made.items():
        put(root / name / "submissions", files)
        (root / name / "submissions.zip").write_bytes(packed(files))
        (root / name / "roster.csv").write_text(roster)


if __name__ == "__main__":
    main()

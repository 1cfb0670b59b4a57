"""A class whose names hold commas, quotes, formulas, emoji, letters from right to left: each gets their own work and grade back."""

import csv
import io

import pytest

from grader.batch import discovery, exported, intake, owners, roster
from grader.batch.entries import Entry
from tests.grader import downloads, importers
from tests.grader import hostile_words as words
from tests.grader.downloads import Person, put

PEOPLE = [
    Person("Jörg", "Müller", 201, {"main.py": b"# 201\n"}),
    Person("Jörg", "Müller", 202, {"main.py": b"# 202\n"}, late=True),
    Person('Seán "Shay"', "O'Brien", 203, {"work.zip": downloads.packed({"main.py": b"# 203\n"})}),
    Person("علي", "محمد", 204, {"main.py": b"# 204\n"}),
    Person("Smile", "🙂", 205, {"solution 🙂.ipynb": b"{}"}),
    Person("Eve", "=cmd|' /C calc'!A0", 206, {"=HYPERLINK(1).py": b"# 206\n"}),
    Person("Иван", "Иванов", 207, {"работа.py": b"# 207\n"}),
    Person("Bob", "+49", 208, {"Main.py": b"# 208\n"}),
    Person("Nobody", "Here", 209),
]
HERE = {each.number for each in PEOPLE if each.files}
ASSIGNMENTS = {11: "Quiz", 22: "Files Lab"}


def entries(whose, found, score: float) -> list[Entry]:
    report = words.report().model_copy(update={"score": score, "max_score": 67.0})
    labels = {one.name: one.label for one in found.submissions}
    return [
        Entry(learner.name, name, "graded", learner=learner, report=report, page="", label=labels[name])
        for name, [learner] in whose.items()
    ]


@pytest.mark.parametrize("platform", ["canvas", "moodle"])
def test_everybody_gets_their_own_and_the_platform_takes_every_grade(tmp_path, platform):
    of_canvas = platform == "canvas"
    text = downloads.canvas_gradebook(PEOPLE) if of_canvas else downloads.moodle_worksheet(PEOPLE)
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    known = roster.read_roster(tmp_path / "roster.csv")
    files = downloads.canvas(PEOPLE) if of_canvas else downloads.moodle(PEOPLE)
    found = discovery.sort_out(str(put(tmp_path / "class", files)), keep=tmp_path / "kept", known=known.knows)
    matched = owners.match_owners(found.submissions, known, {}, {})

    assert sum(line.files for line in intake.account(found, {}).lines) == len(files)
    assert matched.questions == ()
    assert len(matched.absent) == 1
    label = {one.name: one.label for one in found.submissions}
    assert {int(label[name].number) for name in matched.whose} == HERE
    assert all(label[name].number in learner.numbers for name, [learner] in matched.whose.items())

    graded = entries(matched.whose, found, 33.5)
    if of_canvas:
        table = exported.canvas(graded, "Files Lab", known)
        got = importers.canvas_gradebook(table.text, ASSIGNMENTS, HERE)
        assert got == {(number, 22): 50.0 for number in HERE}
    else:
        table = exported.moodle(graded, known)
        people = {each.number: str(each.number) for each in PEOPLE}
        assert importers.moodle_worksheet(table.text, people, 100) == {str(number): 50.0 for number in HERE}
    for row in csv.reader(io.StringIO(table.text)):
        assert not any(cell.startswith(("=", "@")) for cell in row)

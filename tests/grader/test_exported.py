"""What comes out of a class is what platforms import, by the importers' own rules; and what was agreed on counts."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader import rubric
from grader.batch import agreement, exported, roster
from grader.batch.agreement import Terms
from grader.batch.discovery import HandedIn
from grader.batch.entries import Entry
from grader.batch.platforms import Label, canvas, moodle
from grader.batch.roster import Roster
from grader.errors import GraderError
from grader.report.language import language
from tests.grader import downloads, importers
from tests.grader import hostile_words as words

PEOPLE = downloads.a_class()[:4]


def known(tmp_path: Path, text: str) -> Roster:
    (tmp_path / "roster.csv").write_text(text)
    return roster.read_roster(tmp_path / "roster.csv")


def rows(roster_: Roster, labels: list[Label | None], score: float = 33.5, **changes) -> list[Entry]:
    report = words.report().model_copy(update={"score": score, "max_score": 67.0})
    return [
        Entry(
            learner.name,
            label.shown if label else learner.name,
            "graded",
            learner=learner,
            report=report,
            page=f"reports/{number}.html",
            label=label,
            **changes,
        )
        for number, (learner, label) in enumerate(zip(roster_.learners, labels, strict=True))
    ]


CANVAS = [canvas(name) for name in downloads.canvas(PEOPLE) if not name.endswith("test_main.py")]
MOODLE = [moodle(f"{each.name}_{each.number}_assignsubmission_file") for each in PEOPLE]


# --- Canvas ---------------------------------------------------------------------------------------------------------


def test_canvas_takes_the_grades_into_the_assignment_that_is_there(tmp_path):
    gradebook = known(tmp_path, downloads.canvas_gradebook(PEOPLE))
    table = exported.canvas(rows(gradebook, CANVAS), "OpenAI lab", gradebook)
    got = importers.canvas_gradebook(
        table.text, {11: "Quiz", 22: "Files Lab"}, [each.number for each in PEOPLE]
    )
    assert got == {(each.number, 22): 50.0 for each in PEOPLE}
    assert table.notes == ()


def test_canvas_s_points_are_those_of_the_gradebook(tmp_path):
    gradebook = known(tmp_path, downloads.canvas_gradebook(PEOPLE))
    table = exported.canvas(rows(gradebook, CANVAS), "OpenAI lab", gradebook)
    assert list(csv.reader(io.StringIO(table.text)))[1][-1] == "100"


def test_of_several_assignments_that_wait_for_grades_none_is_guessed(tmp_path):
    text = downloads.canvas_gradebook(PEOPLE).replace(",7,", ",,")
    gradebook = known(tmp_path, text)
    table = exported.canvas(rows(gradebook, CANVAS), "OpenAI lab", gradebook)
    assert "which assignment" in table.notes[0]
    table = exported.canvas(rows(gradebook, CANVAS), "OpenAI lab", gradebook, "Quiz")
    assert set(importers.canvas_gradebook(table.text, {11: "Quiz"}, range(200))) == {
        (each.number, 11) for each in PEOPLE
    }


def test_who_is_not_known_for_certain_is_in_no_import(tmp_path):
    gradebook = known(tmp_path, downloads.canvas_gradebook(PEOPLE))
    asked = rows(gradebook, CANVAS, questions=("Whose is it?",))
    assert (
        importers.canvas_gradebook(exported.canvas(asked, "x", gradebook).text, {22: "Files Lab"}, []) == {}
    )
    assert exported.canvas_feedback(asked, lambda name: b"page") is None


def test_canvas_puts_each_page_before_its_own_learner(tmp_path):
    gradebook = known(tmp_path, downloads.canvas_gradebook(PEOPLE))
    made = exported.canvas_feedback(rows(gradebook, CANVAS), lambda name: name.encode())
    attachments = {int(label.number): [label.order] for label in CANVAS}
    assert importers.canvas_submissions(made, attachments) == {
        each.number: f"reports/{number}.html".encode() for number, each in enumerate(PEOPLE)
    }


# --- Moodle ---------------------------------------------------------------------------------------------------------

PARTICIPANTS = {each.number: each.email for each in PEOPLE}


@pytest.mark.parametrize("blind", [False, True])
def test_moodle_takes_its_worksheet_back(tmp_path, blind):
    worksheet = known(tmp_path, downloads.moodle_worksheet(PEOPLE, blind=blind))
    table = exported.moodle(rows(worksheet, MOODLE), worksheet)
    assert importers.moodle_worksheet(table.text, PARTICIPANTS, 100) == dict.fromkeys(
        PARTICIPANTS.values(), 50.0
    )


def test_the_comment_for_moodle_is_in_the_class_s_language(tmp_path):
    worksheet = known(tmp_path, downloads.moodle_worksheet(PEOPLE))
    graded = [one for one in rows(worksheet, MOODLE) if one.report is not None]
    for code, begin in (("de", "Zu tun: "), ("en", "To do: ")):
        comments = {
            row["Feedback comments"]
            for row in csv.DictReader(
                io.StringIO(exported.moodle(graded, worksheet, language(code)).text.lstrip("\ufeff"))
            )
        }
        assert comments
        assert all(
            each.startswith((begin, "Vollständig." if code == "de" else "Complete.")) for each in comments
        )


def test_moodle_takes_its_worksheet_back_in_its_own_language(tmp_path):
    header = "ID,Vollständiger Name,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,Zuletzt geändert (Bewertung)"
    lines = [f"Teilnehmer/in {each.number},{each.name},Abgegeben,,10.00,Ja,-" for each in PEOPLE]
    worksheet = known(tmp_path, "\n".join([header, *lines]))
    table = exported.moodle(rows(worksheet, MOODLE), worksheet)
    german = ("ID", "Bewertung", "Zuletzt geändert (Bewertung)")
    got = importers.moodle_worksheet(table.text, PARTICIPANTS, 10, german, "Teilnehmer/in ")
    assert got == dict.fromkeys(PARTICIPANTS.values(), 5.0)


def test_extra_credit_does_not_exceed_what_moodle_takes(tmp_path):
    worksheet = known(tmp_path, downloads.moodle_worksheet(PEOPLE))
    table = exported.moodle(rows(worksheet, MOODLE, score=70), worksheet)
    assert set(importers.moodle_worksheet(table.text, PARTICIPANTS, 100).values()) == {100.0}
    assert "Anna Schmidt" in table.notes[0]


def test_a_group_s_number_reaches_no_learner(tmp_path):
    people = known(tmp_path, "First name,Last name,Email address\nAda,L,a@x.org\nBea,M,b@x.org\n")
    group = moodle("Group A_101_assignsubmission_file")
    table = exported.moodle(rows(people, [group, group], is_group=True), people)
    assert importers.moodle_worksheet(table.text, PARTICIPANTS, 100) == {}
    assert "grading worksheet" in table.notes[0]
    assert exported.moodle_feedback(rows(people, [group, group], is_group=True), lambda name: b"x") is None


def test_moodle_puts_each_page_before_its_own_learner(tmp_path):
    worksheet = known(tmp_path, downloads.moodle_worksheet(PEOPLE))
    made = exported.moodle_feedback(rows(worksheet, MOODLE), lambda name: name.encode())
    assert importers.moodle_feedback(made, PARTICIPANTS) == {
        each.email: ("report.html", f"reports/{number}.html".encode()) for number, each in enumerate(PEOPLE)
    }


# --- what was agreed on ---------------------------------------------------------------------------------------------

DUE = datetime(2026, 11, 20, 12, tzinfo=UTC)
RECORD = """
due = 2026-11-20T12:00:00Z
pass_mark = 50
[late]
percent_per_day = 10
most_percent = 30
grace_minutes = 15
[scale]
maximum = 100
step = 0.5
[weights]
errors = 2
[learners."101"]
due = 2026-11-25T12:00:00Z
[learners."ada@x.org"]
extra_minutes = 60
[groups]
"Group A" = ["1", "2"]
[owners]
"x_1" = "101"
"""


@pytest.fixture
def record(tmp_path):
    (tmp_path / "class.toml").write_text(RECORD)
    return agreement.read_class_record(agreement.beside(str(tmp_path)))


def learner(id: str, email: str = "", **row: str) -> roster.Learner:
    return roster.Learner("Ada", id, row, email=email)


@pytest.mark.parametrize(
    ("id", "after", "percent"),
    [
        ("7", timedelta(minutes=-1), 0),
        ("7", timedelta(minutes=15), 0),
        ("7", timedelta(minutes=16), 10),
        ("7", timedelta(days=1, minutes=1), 20),
        ("7", timedelta(days=40), 30),
        ("101", timedelta(days=4), 0),
        ("101", timedelta(days=5, hours=1), 10),
        ("ada@x.org", timedelta(minutes=74), 0),
        ("ada@x.org", timedelta(minutes=76), 10),
    ],
)
def test_lateness_counts_from_the_learner_s_own_due_date(record, id, after, percent):
    one = HandedIn("x", "x", submitted=DUE + after)
    terms = agreement.terms(record, one, learner(id, id if "@" in id else ""))
    assert terms.percent == percent
    assert terms.late is bool(percent)


def test_a_grade_is_scaled_rounded_and_never_below_zero(record):
    assert Terms(percent=10, maximum=100, step=0.5).grade(33.5, 67) == 40
    assert Terms(percent=10, of="reached").grade(40, 67) == 36
    assert Terms(percent=100).grade(40, 67) == 0
    assert Terms(maximum=20).grade(67, 67) == 20


def test_when_it_came_is_read_from_moodle_s_worksheet(record):
    row = {"last modified (submission)": "Saturday, 21 November 2026, 11:30 AM"}
    terms = agreement.terms(record, HandedIn("x", "x"), learner("7", **row))
    assert terms.submitted == datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
    assert terms.percent == 10


def test_late_without_a_time_is_a_question_and_costs_nothing(record):
    label = canvas("lovelaceada_LATE_7_1_x.zip")
    terms = agreement.terms(record, HandedIn("x", "x", label=label), learner("7"))
    assert (terms.percent, terms.late) == (0, True)
    assert '[learners."7"] submitted' in terms.question


def test_weights_multiply_points(record):
    usual = rubric.read()
    heavier = agreement.apply_weights(usual, record.weights)
    assert heavier.worth["errors.quota"].points == 2 * usual.worth["errors.quota"].points
    assert heavier.worth["endpoint.mime_type"] == usual.worth["endpoint.mime_type"]
    with pytest.raises(GraderError, match="neither a section nor a criterion 'erors'"):
        agreement.apply_weights(usual, {"erors": 2})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("due = 2026-11-20T12:00:00", "Write the offset"),
        ("dew = 1", "dew"),
        ("[late]\npercent_per_day = 200", "late.percent_per_day"),
        ("due = ", "not valid TOML"),
    ],
)
def test_a_record_that_makes_no_sense_is_refused_with_its_place(tmp_path, text, says):
    (tmp_path / "class.toml").write_text(text)
    with pytest.raises(GraderError, match=says):
        agreement.read_class_record(tmp_path / "class.toml")

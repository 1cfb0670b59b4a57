"""A class from its download to its tables: what was agreed on is applied when judging, and nothing is run for it."""

import csv
import io
from pathlib import Path

import pytest

from grader.batch import attempts, run
from grader.batch.run import Plan
from grader.errors import SubmissionError
from grader.rubric import read as rubric_of
from tests.grader import downloads, importers
from tests.grader.batches import Quiet, collected, rows_of
from tests.grader.downloads import Person, project, put

__all__ = ["collected"]  # a fixture
PEOPLE = downloads.a_class()


def graded(where: Path, out: Path, announce=lambda text: None, **options):
    plan = Plan(where=str(where), out=out, rubric=rubric_of(), tier="process", **options)
    return run.batch(plan, Quiet(), announce)


def roster_file(tmp_path: Path, text: str) -> Path:
    (tmp_path / "roster.csv").write_text(text)
    return tmp_path / "roster.csv"


def test_a_platform_s_zip_becomes_tables_that_the_platform_takes(tmp_path, collected):
    (tmp_path / "class.zip").write_bytes(downloads.packed(downloads.canvas(PEOPLE)))
    words: list[str] = []
    roster = roster_file(tmp_path, downloads.canvas_gradebook(PEOPLE))
    rows = graded(tmp_path / "class.zip", tmp_path / "out", words.append, roster=roster)
    assert "11 files in, 11 accounted for" in words[0]
    assert len(rows_of(tmp_path / "out" / "intake.csv")) == 11
    by_id = {row.learner.id: row for row in rows}
    assert {id for id, row in by_id.items() if row.state == "missing"} == {"117"}
    assert set(by_id) == {str(each.number) for each in PEOPLE}
    # which of Guido's two archives is later, Canvas' own numbers say
    got = importers.canvas_gradebook(
        (tmp_path / "out" / "canvas.csv").read_text(), {22: "Files Lab"}, [each.number for each in PEOPLE]
    )
    assert {student for student, _ in got} == {int(id) for id, row in by_id.items() if row.grade is not None}
    feedback = (tmp_path / "out" / "canvas-feedback.zip").read_bytes()
    attachments = {each.number: range(5000, 5100) for each in PEOPLE}
    assert set(importers.canvas_submissions(feedback, attachments)) == {student for student, _ in got}


def test_a_change_of_the_record_judges_again_and_runs_nothing(tmp_path, collected):
    people = [Person("Ada", "Lovelace", 7, project("ada"))]
    place = put(tmp_path / "class", downloads.moodle(people))
    roster = roster_file(tmp_path, downloads.moodle_worksheet(people))
    [row] = graded(place, tmp_path / "out", roster=roster)
    before = row.grade
    (place / "class.toml").write_text(
        "due = 2026-11-19T10:00:00Z\npass_mark = 1\n[late]\npercent_per_day = 10\nof = 'reached'\n"
    )
    [row] = graded(place, tmp_path / "out", roster=roster)
    assert (row.terms.percent, row.terms.late) == (20, True)
    assert row.grade == pytest.approx(0.8 * before)
    (place / "class.toml").write_text(
        'due = 2026-11-19T10:00:00Z\n[learners."Participant 7"]\ndue = 2026-12-01T10:00:00Z\n'
    )
    [row] = graded(place, tmp_path / "out", roster=roster)
    assert row.grade == before
    assert len(collected) == 1
    assert "class.toml" in {line["file"] for line in rows_of(tmp_path / "out" / "intake.csv")}


def test_a_group_s_members_have_one_report_and_a_row_each(tmp_path, collected):
    people = [Person("Ada", "L", 17), Person("Bea", "M", 18), Person("Cyd", "N", 19)]
    groups = {17: "Group A", 18: "Group A", 19: "Group B"}
    roster = roster_file(tmp_path, downloads.moodle_worksheet(people, groups=groups))
    rows = graded(
        put(tmp_path / "class", downloads.moodle_groups(project("A"))), tmp_path / "out", roster=roster
    )
    assert [(row.name, row.submission) for row in rows] == [
        ("Ada L", "Group A_31"),
        ("Bea M", "Group A_31"),
        ("Cyd N", "Group B_17"),
    ]
    got = importers.moodle_worksheet(
        (tmp_path / "out" / "moodle.csv").read_text(), {17: "Ada", 18: "Bea", 19: "Cyd"}, 100
    )
    assert set(got) == {"Ada", "Bea", "Cyd"}


def test_what_has_no_owner_has_a_row_and_nobody_is_reported_as_missing(tmp_path, collected):
    people = [Person("Ada", "L", 17), Person("Bea", "M", 18)]
    roster = roster_file(tmp_path, downloads.moodle_worksheet(people))
    rows = graded(
        put(tmp_path / "class", downloads.moodle_groups(project("A"))), tmp_path / "out", roster=roster
    )
    assert {row.state for row in rows} == {"graded", "unclear"}
    assert all("Whose is" in row.wants_a_look for row in rows if row.submission)
    page = (tmp_path / "out" / "index.html").read_text()
    assert "nothing handed in" not in page
    assert "nothing was handed in" not in page


def test_every_attempt_is_kept_and_the_best_can_count(tmp_path, collected):
    place = put(tmp_path / "class", {"ada/main.py": b"# one"})
    graded(place, tmp_path / "out")
    put(place, {"ada/main.py": b"# two"})
    graded(place, tmp_path / "out")
    put(place, {"ada/main.py": b"# two"})
    graded(place, tmp_path / "out")
    rows = rows_of(tmp_path / "out" / "attempts.csv")
    assert [(row["submission"], row["attempt"], row["of"], row["counts"]) for row in rows] == [
        ("ada", "1", "2", ""),
        ("ada", "2", "2", "counts"),
    ]
    assert all((tmp_path / "out" / row["page"]).is_file() for row in rows)
    assert len(collected) == 2


def test_the_better_of_two_attempts_counts_if_that_was_agreed():
    from grader.batch.entries import Entry
    from tests.grader import hostile_words as words

    def row(score: float) -> Entry:
        return Entry(
            "Ada", f"ada {score}", "graded", report=words.report().model_copy(update={"score": score})
        )

    assert attempts.choose_attempt([row(50), row(40)], "last").counts == 1
    better = attempts.choose_attempt([row(50), row(40)], "best")
    assert (better.counts, better.row.score, better.row.submission) == (0, 50, "ada 40")
    assert "Attempt 1 of 2 counts" in better.row.wants_a_look
    assert attempts.choose_attempt([row(40), row(40)], "best").counts == 1


def test_results_within_the_class_s_folder_are_no_submission(tmp_path, collected):
    place = put(tmp_path / "class", {"ada/main.py": b"# one"})
    graded(place, place / "results")
    [row] = graded(place, place / "results")
    assert row.submission == "ada"


def test_a_class_without_anything_is_refused(tmp_path):
    (tmp_path / "class").mkdir()
    with pytest.raises(SubmissionError, match="No submission is in"):
        graded(tmp_path / "class", tmp_path / "out")


def test_the_gradebook_shows_points_and_grade_apart(tmp_path, collected):
    place = put(tmp_path / "class", {"ada/main.py": b"# one"})
    (place / "class.toml").write_text("[scale]\nmaximum = 10\n")
    graded(place, tmp_path / "out")
    [row] = csv.DictReader(io.StringIO((tmp_path / "out" / "gradebook.csv").read_text()))
    assert (row["max_score"], row["out_of"]) == ("79", "10")

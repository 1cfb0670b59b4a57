"""Progress: names of exercises that are done, kept on this computer and nothing besides."""

import pytest

from classroom import exercises, learning_record
from classroom.widgets import panel


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of its own for what is done."""
    monkeypatch.setenv(learning_record.PLACE, str(tmp_path / "done"))
    return tmp_path / "done"


def test_an_exercise_that_is_done_is_remembered_by_its_name_alone(place):
    learning_record.note_done("02.1")
    assert learning_record.done() == {"02.1"}
    assert [(file.name, file.read_bytes()) for file in place.iterdir()] == [("02.1", b"")]


def test_a_check_that_holds_is_noted_and_one_that_does_not_is_not(place, monkeypatch, capsys):
    verdicts = iter(
        [
            exercises.exercise.Verdict("00.2", "open", "No."),
            exercises.exercise.Verdict("00.2", "done", "Yes."),
        ]
    )
    monkeypatch.setattr(exercises, "judge_answer", lambda id, namespace: next(verdicts))
    exercises.check("00.2")
    assert learning_record.done() == frozenset()
    exercises.check("00.2")
    assert learning_record.done() == {"00.2"}


def test_every_notebook_with_exercises_has_a_row_that_names_what_is_open(place):
    learning_record.note_done("10.2")
    by_number = {row[0][:2]: row for row in learning_record.rows(learning_record.done())}
    assert sorted(by_number) == sorted({id[:2] for id in exercises.EXERCISES})
    assert by_number["10"][1:] == (1, 4, "10.1, 10.3, 10.4")


def test_a_notebook_gets_a_table_and_a_terminal_lines(place, monkeypatch, capsys):
    learning_record.note_done("10.2")
    learning_record.progress()
    total = len(exercises.EXERCISES)
    assert capsys.readouterr().out.startswith(f"1 of {total} exercises are done.\n")
    shown = []
    monkeypatch.setattr(learning_record, "get_ipython", lambda: object())
    monkeypatch.setattr(panel, "show", lambda title, hook, parts, words="": shown.append(parts[0].value))
    learning_record.progress()
    assert f"1 of {total} exercises are done." in shown[0]
    assert "10.1, 10.3, 10.4" in shown[0]


def test_where_nothing_can_be_kept_a_lesson_goes_on(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(learning_record.PLACE, str(tmp_path / "file" / "inside"))
    learning_record.note_done("02.1")
    assert learning_record.done() == frozenset()


def test_nothing_is_kept_where_that_is_asked_for(monkeypatch):
    monkeypatch.setenv(learning_record.PLACE, "")
    learning_record.note_done("02.1")
    assert learning_record.folder() is None


def test_a_file_that_is_no_exercise_is_not_counted(place):
    place.mkdir()
    (place / "99.9").touch()
    assert learning_record.done() == frozenset()


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ('{"cells": [{"source": ["# 08 · Files in S3\\n", "More."]}]}', "08 · Files in S3"),
        ('{"cells": []}', "08 files in s3"),
        ("no notebook", "08 files in s3"),
    ],
)
def test_a_notebook_is_listed_by_its_heading(written, title, tmp_path, monkeypatch):
    (tmp_path / "08-files-in-s3.ipynb").write_text(written, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    titles = {row[0] for row in learning_record.rows([])}
    assert title in titles
    assert "00" in titles, "a notebook that is not there has its number"

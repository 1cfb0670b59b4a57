"""notebooks.*: notebooks are run in processes of their own, and their exercises looked at."""

import json

import nbformat
import pytest

from grader.collect import notebooks
from grader.criteria import BY_ID
from grader.evidence import Evidence, Submission
from grader.sandbox import Sandbox
from grader.submission import opened

SOLVED = """
import base64
from openai import OpenAI
def draw(prompt):
    return base64.b64decode(OpenAI().images.generate(model="gpt-image-2", prompt=prompt).data[0].b64_json)
"""
FAKED = "def draw(prompt):\n    return b'no picture'\nprint('Exercise 00.1: done.')"


def ran(tmp_path, **written):
    for name, cells in written.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    with opened(str(tmp_path)) as submission, Sandbox("process", work=submission.root) as sandbox:
        runs = tuple(notebooks.run(submission, sandbox))
    facts = {"isolation": "process", "bucket": "b", "canary_fingerprint": "f"}
    return Evidence(submission=Submission(name="ada", digest="d"), notebooks=runs, **facts)


def verdict(criterion, evidence):
    found = BY_ID[criterion].judge(evidence)
    return found.status, found.summary


def test_notebooks_that_run_and_exercises_that_are_done(tmp_path):
    evidence = ran(tmp_path, one=["from classroom import check, start\nstart()", SOLVED, 'check("00.1")'])
    assert verdict("notebooks.run", evidence) == ("passed", "1 ran from top to bottom: 3 cells.")
    assert verdict("notebooks.exercises", evidence) == ("passed", "All 1 are done.")


def test_an_exercise_is_looked_at_and_not_what_its_cell_prints(tmp_path):
    evidence = ran(tmp_path, one=["from classroom import check, start\nstart()", FAKED, 'check("00.1")'])
    status, summary = verdict("notebooks.exercises", evidence)
    assert status == "failed"
    assert "no picture" in summary


def test_a_cell_that_stops_is_named(tmp_path):
    evidence = ran(tmp_path, one=["a = 1"], two=["b = 1", "a + b"])
    status, summary = verdict("notebooks.run", evidence)
    assert (status, summary) == (
        "failed",
        "two.ipynb: code cell 2 raised NameError: name 'a' is not defined.",
    )


def test_a_notebook_gets_nothing_of_the_grader_s_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-instructor")
    evidence = ran(tmp_path, one=["import os\nassert 'OPENAI_API_KEY' not in os.environ"])
    assert verdict("notebooks.run", evidence)[0] == "passed"


def test_a_file_that_is_no_notebook_is_a_failure_and_no_crash(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{}")
    (tmp_path / "other.ipynb").write_text(json.dumps("text"))
    status, summary = verdict("notebooks.run", ran(tmp_path))
    assert status == "failed"
    assert "broken.ipynb: It could not be run" in summary


@pytest.mark.parametrize("criterion", ["notebooks.run", "notebooks.exercises"])
def test_no_notebook_is_no_failure(tmp_path, criterion):
    (tmp_path / "a.txt").touch()
    assert verdict(criterion, ran(tmp_path)) == ("not_run", "No notebook was handed in.")


def test_a_notebook_that_asks_for_the_checklist_does_not_wait_for_a_grading_within_a_grading(tmp_path):
    evidence = ran(
        tmp_path,
        one=[
            "from grader.report.notebook import checklist, live_checklist",
            "checklist('lab', only=['endpoint'])",
            "live_checklist('lab')",
        ],
    )
    assert verdict("notebooks.run", evidence)[0] == "passed"
    assert evidence.notebooks[0].seconds < 30

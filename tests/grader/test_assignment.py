"""Assignments of one's own: read from a folder, asked and judged in the worker, and the worked example of the repository."""

import json
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from classroom.exercises.beside import exercises
from grader import rubric as rubrics
from grader.assignment.assignment import LAB, find, read, unpack
from grader.criteria import ALL
from grader.errors import AssignmentError, RubricError
from grader.sandbox import choose_tier, tiers
from grader.worker import Wanted, grade
from tests.sharing import made_once

EXAMPLE = Path(__file__).parents[2] / "examples" / "moderation-gate"
GRADER = str(Path(sys.executable).with_name("grader"))

_CRITERIA = """
from grader.assignment.authoring import Evidence, Section, Verdict, passed

section = Section("mine")


@section.criterion("one", "One", "Do it.")
def one(evidence: Evidence) -> Verdict:
    return passed("It was seen.")


CRITERIA = section.criteria
"""


def assignment_in(
    place: Path, toml: str = 'title = "Mine"', criteria: str = _CRITERIA, points: str = ""
) -> Path:
    """A folder with an assignment, as small as one can be."""
    folder = place / "mine"
    (folder / "criteria").mkdir(parents=True)
    (folder / "assignment.toml").write_text(toml)
    (folder / "criteria" / "mine.py").write_text(criteria)
    (folder / "rubric.toml").write_text(
        f'title = "Mine"\n[points]\n"mine.one" = {{ points = 2, required = true }}\n{points}'
    )
    return folder


def test_the_lab_is_the_assignment_that_is_graded_when_none_is_named():
    assert find(None) is LAB
    assert LAB.criteria == ALL
    assert LAB.rubric() == rubrics.read()
    assert LAB.package(LAB.rubric()) is None


def test_a_rubric_weighs_own_criteria_and_the_lab_s(tmp_path):
    mine = read(assignment_in(tmp_path, points='"secrets.not_in_code" = { points = 1 }'))
    assert set(mine.rubric().worth) == {"mine.one", "secrets.not_in_code"}
    assert list(mine.sections)[-1] == "mine" or "mine" in mine.sections


def test_sections_are_shown_in_the_order_of_the_assignment(tmp_path):
    mine = read(assignment_in(tmp_path, 'title = "Mine"\n[sections]\nsecrets = "The key"\nmine = "The work"'))
    assert list(mine.sections.items())[:2] == [("secrets", "The key"), ("mine", "The work")]


@pytest.mark.parametrize(
    ("toml", "criteria", "message"),
    [
        ('title = "Mine"\nrubrik = "r.toml"', _CRITERIA, "assignment.toml: rubrik"),
        ('title = "Mine', _CRITERIA, "assignment.toml is not valid TOML"),
        ('title = "Mine"\nskeleton = "start"', _CRITERIA, "no folder 'start'"),
        ('title = "Mine"\nskeleton = "../start"', _CRITERIA, "leads out of"),
        ('title = "Mine"\n[sections]\nother = "?"', _CRITERIA, "no criterion is in 'other'"),
        (
            'title = "Mine"\n[[operation]]\nname = "a"\npath = "/a"\nprompt = "p"\n'
            '[[question]]\nname = "mine.q"\nasked = "q"\nto = "b"',
            _CRITERIA,
            "goes to 'b'; there is a",
        ),
        (
            'title = "Mine"\n[[question]]\nname = "errors.q"\nasked = "q"',
            _CRITERIA,
            "errors.q: the lab has questions of that section",
        ),
        (
            'title = "Mine"\n[[question]]\nname = "mine.q"\nasked = "q"\nopenai = [{ effect = "explode" }]',
            _CRITERIA,
            "unknown effect 'explode'",
        ),
        (
            'title = "Mine"\nstand_ins = ["openai"]\n[[question]]\nname = "mine.q"\nasked = "q"\ns3 = { code = "X" }',
            _CRITERIA,
            "not among the stand_ins",
        ),
        ('title = "Mine"', _CRITERIA.replace('"mine"', '"secrets"'), "lab's section 'secrets'"),
        ('title = "Mine"', _CRITERIA.replace('"Do it."', '"Do it.", ("mine.two",)'), "needs 'mine.two'"),
        ('title = "Mine"', "import nothing_of_this_name", "mine.py, line 1 can't be imported"),
        ('title = "Mine"', "def broken(:\n", "mine.py, line 1 can't be imported: SyntaxError"),
        ('title = "Mine"', "CRITERIA = 3", "not a tuple of criteria"),
        ('title = "Mine"', "", "has no criteria"),
    ],
)
def test_a_folder_that_makes_no_sense_is_refused_in_one_sentence(tmp_path, toml, criteria, message):
    with pytest.raises(AssignmentError, match=message):
        read(assignment_in(tmp_path, toml, criteria))


def test_a_rubric_that_names_an_unknown_criterion_is_refused(tmp_path):
    mine = read(assignment_in(tmp_path, points='"mine.two" = { points = 1 }'))
    with pytest.raises(RubricError, match="no criterion"):
        mine.rubric()


def test_what_is_neither_a_folder_nor_installed_is_named(tmp_path):
    with pytest.raises(AssignmentError, match="neither a folder nor the name of an installed assignment"):
        find(str(tmp_path / "nowhere"))


def test_an_installed_package_is_named_by_its_entry_point(tmp_path, monkeypatch):
    assignment_in(tmp_path)
    (tmp_path / "mine").rename(tmp_path / "course_of_mine")
    (tmp_path / "course_of_mine" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = metadata.EntryPoint("mine", "course_of_mine", "grader.assignments")
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point])
    assert [one.id for one in find("mine").own] == ["mine.one"]


def test_modules_of_a_folder_may_share_code_and_leave_nothing_behind(tmp_path):
    folder = assignment_in(tmp_path, criteria="from ._shared import section\nCRITERIA = section.criteria")
    (folder / "criteria" / "_shared.py").write_text(_CRITERIA.replace("CRITERIA =", "_ ="))
    assert [one.id for one in read(folder).own] == ["mine.one"]
    assert not list(folder.rglob("__pycache__"))
    assert not [name for name in sys.modules if name.startswith("assignment_")]


def test_a_changed_criterion_asks_nothing_again_and_a_changed_question_does(tmp_path):
    def questions(toml: str, criteria: str) -> str:
        shutil.rmtree(tmp_path / "mine", ignore_errors=True)
        mine = read(assignment_in(tmp_path, toml, criteria))
        package = mine.package(mine.rubric())
        assert package is not None
        return package.questions

    asked = 'title = "Mine"\n[[question]]\nname = "mine.q"\nasked = "{}"'
    first = questions(asked.format("a"), _CRITERIA)
    assert questions(asked.format("a"), _CRITERIA.replace("It was seen.", "Seen.")) == first
    assert questions(asked.format("b"), _CRITERIA) != first


def test_a_package_is_the_assignment_again_elsewhere():
    example = read(EXAMPLE)
    package = example.package(example.rubric())
    assert package is not None
    again = unpack(package)
    assert [one.id for one in again.own] == [one.id for one in example.own]
    assert again.declared == example.declared
    assert not any(name.startswith(("skeleton", "submissions")) for name in package.files)


_NOSY = """
import glob
from pathlib import Path
from grader.assignment.authoring import Evidence, Section, Verdict, failed, passed

section = Section("mine")


@section.criterion("one", "One", "Do it.")
def one(evidence: Evidence) -> Verdict:
    answers = " ".join(each.body for each in evidence.exchanges)
    if "SEES" not in answers:
        return failed("The app was not asked.")
    if "assignment.toml" in answers:
        return failed("The submission can read the assignment.")
    try:
        Path(__file__).write_text("CRITERIA = ()")
    except OSError:
        return passed("The folder is only read.")
    return failed("The folder was written to.")


CRITERIA = section.criteria
"""

_LOOKS_AROUND = """
import os
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()


@app.post("/chat")
def chat(body: dict):
    OpenAI().responses.create(model="gpt-5.4-mini", input=body["message"])
    seen = [os.path.join(at, name) for top in ("/tmp", "/home") for at, _, names in os.walk(top) for name in names]
    return {"reply": "SEES " + " ".join(seen)}
"""


@pytest.mark.parametrize("tier", ["bubblewrap", "landlock"])
def test_the_folder_is_only_read_by_the_worker_and_hidden_from_the_submission(tmp_path, tier):
    works = tiers.bubblewrap().works if tier == "bubblewrap" else tiers.has_landlock().works
    if not works:
        pytest.skip(f"{tier} does not work here")
    toml = 'title = "Mine"\nstand_ins = ["openai"]\n[[operation]]\nname = "chat"\npath = "/chat"\nprompt = "message"'
    mine = read(assignment_in(tmp_path, toml, _NOSY, '"endpoint.starts" = { points = 0 }'))
    work = tmp_path / "work"
    work.mkdir()
    (work / "main.py").write_text(_LOOKS_AROUND)
    rubric = mine.rubric()
    report = grade(str(work), Wanted(tier, rubric=rubric, assignment=mine.package(rubric))).report
    verdicts = {one.id: (one.status, one.summary) for one in report.criteria}
    assert verdicts["mine.one"] == ("passed", "The folder is only read.")


@pytest.fixture(scope="module")
def example_class(tmp_path_factory):
    """The example's submissions, graded as a class by the command."""

    def make(out):
        command = [GRADER, "batch", str(EXAMPLE / "submissions"), "--assignment", str(EXAMPLE)]
        command += ["--out", str(out), "--jobs", "2"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr

    return made_once(tmp_path_factory, "class-of-the-example", make)


def _open(report: Path) -> set[str]:
    found = json.loads(report.read_text())
    return {one["id"] for one in found["criteria"] if one["status"] != "passed" and not one["extra"]}


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("answer", set()),
        ("asks-the-model-first", {"gate.spends_nothing"}),
        ("refuses-with-200", {"gate.refuses"}),
        ("open-in-an-outage", {"gate.outage"}),
    ],
)
def test_each_submission_of_the_example_fails_where_its_fault_is_and_nowhere_else(
    example_class, name, faults
):
    assert _open(example_class / "reports" / f"{name}.json") == faults


def test_the_answer_of_the_example_reaches_every_point(example_class):
    found = json.loads((example_class / "reports" / "answer.json").read_text())
    assert found["score"] >= found["max_score"]
    assert found["complete"]


def test_kept_evidence_of_a_class_is_judged_by_its_own_assignment(example_class):
    command = [GRADER, "judge", str(example_class), "--learner", "answer", "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert {"gate.answers", "gate.outage"} <= {one["id"] for one in json.loads(done.stdout)["criteria"]}


def test_the_skeleton_of_the_example_is_open_and_says_where_to_begin():
    example = read(EXAMPLE)
    rubric = example.rubric()
    wanted = Wanted(choose_tier("auto"), rubric=rubric, assignment=example.package(rubric))
    report = grade(str(EXAMPLE / "skeleton"), wanted).report
    assert not report.complete
    assert report.next_step == "main.py is still empty: begin there."
    assert {one.status for one in report.criteria if one.section == "gate"} == {"not_run"}


def test_the_notebook_of_the_example_runs_and_its_checks_see_the_answer(tmp_path):
    shutil.copy(EXAMPLE / "submissions" / "answer" / "01-moderation.ipynb", tmp_path / "done.ipynb")
    shutil.copy(EXAMPLE / "notebooks" / "01-moderation.ipynb", tmp_path / "open.ipynb")
    shutil.copy(EXAMPLE / "notebooks" / "checks.py", tmp_path)
    for name, title in (("done", "Exercise 01.1: done."), ("open", "Exercise 01.1: not yet.")):
        book = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
        NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
        shown = [
            out["data"]["text/plain"]
            for cell in book.cells
            for out in cell.get("outputs", ())
            if "data" in out
        ]
        assert any(title in text for text in shown), shown


def test_without_its_checks_a_notebook_says_so_and_runs_on(tmp_path, capsys):
    exercises(tmp_path / "checks.py").check("01.1")
    assert "is not here, so that nothing is checked" in capsys.readouterr().out


def test_the_exercises_of_the_example_are_graded_by_the_assignment_s_own_checks(example_class):
    found = json.loads((example_class / "reports" / "answer.json").read_text())
    [graded] = [one for one in found["criteria"] if one["id"] == "notebooks.exercises"]
    assert (graded["status"], graded["summary"]) == ("passed", "All 1 are done.")

"""Gradescope: results by its documented format, a score only from a sandbox, and results that nobody else wrote.

The format: https://gradescope-autograders.readthedocs.io/en/latest/specs/, "Output format".
"""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from grader.commands.outputs import Outputs
from grader.errors import GraderError
from grader.export import autograder
from grader.report import gradescope
from tests.grader import hostile_words as words

ROOT = Path(__file__).resolve().parents[2]
Visibility = Literal["hidden", "after_due_date", "after_published", "visible"]
Format = Literal["text", "html", "simple_format", "md", "ansi"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Case(_Strict):
    """One test case of Gradescope's."""

    score: float | None = None
    max_score: float | None = None
    status: Literal["passed", "failed"] | None = None
    name: str = ""
    name_format: Format = "text"
    number: str = ""
    output: str = ""
    output_format: Format = "text"
    tags: list[str] = []
    visibility: Visibility = "visible"
    extra_data: dict[str, Any] = {}


class Results(_Strict):
    """Gradescope's `results.json`."""

    score: float | None = None
    execution_time: int | None = None
    output: str = ""
    output_format: Format = "text"
    test_output_format: Format = "text"
    test_name_format: Format = "text"
    visibility: Visibility = "visible"
    stdout_visibility: Visibility = "hidden"
    extra_data: dict[str, Any] = {}
    tests: list[Case] = []
    leaderboard: list[dict[str, Any]] = []

    @property
    def grade(self) -> float | None:
        """As Gradescope computes it: the score of the whole, else the sum of the tests' scores."""
        scores = [case.score for case in self.tests if case.score is not None]
        return self.score if self.score is not None else sum(scores) if scores else None


def results_of(text: str) -> Results:
    return Results.model_validate(json.loads(text))


# --- the format --------------------------------------------------------------------------------------------------


def test_a_report_is_in_the_documented_format_and_names_its_isolation():
    whole = words.report()
    results = results_of(gradescope.render(whole))
    assert results.grade == whole.score
    assert results.extra_data["isolation"] == "bubblewrap"
    assert "Isolation: bubblewrap." in results.output


@pytest.mark.parametrize("at", [0, 3, -1])
def test_with_a_fault_of_the_grader_s_own_there_is_nothing_to_add_up(at):
    whole = words.report()
    criteria = [result.model_copy(update={"status": "passed", "points": 3.0}) for result in whole.criteria]
    criteria[at] = criteria[at].model_copy(update={"status": "error", "points": 0.0})
    results = results_of(gradescope.render(whole.model_copy(update={"criteria": tuple(criteria)})))
    assert results.grade is None
    assert {(case.score, case.max_score) for case in results.tests} == {(None, None)}
    assert "there is no score" in results.output


def test_a_grading_that_did_not_take_place_is_in_the_format_and_has_no_grade():
    assert results_of(gradescope.render_failure(words.EVERYTHING)).grade is None


# --- the harness -------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path):
    """Gradescope's folder."""
    for name in ("submission", "source", "results"):
        (tmp_path / name).mkdir()
    return tmp_path


def stand_in(place: Path, check: str, *, isolation: int = 0) -> Path:
    """A program called as the grader is: `check` is shell that runs for `grader check`, with the file in $results."""
    program = place / "grader"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = isolation ]; then exit {isolation}; fi\n'
        f'echo "$@" >>"{place}/calls"\n'
        'while [ "$1" != --gradescope ]; do shift; done\nresults=$2\n' + check
    )
    program.chmod(0o755)
    return program


def report_file(place: Path, **changes) -> Path:
    file = place / "report.json"
    file.write_text(gradescope.render(words.report().model_copy(update=changes)))
    return file


def published(place: Path) -> Results:
    return results_of((place / "results" / "results.json").read_text())


def test_a_report_from_a_sandbox_is_published(place):
    autograder.grade(place, stand_in(place, f'cp "{report_file(place, score=41.0)}" "$results"\n'))
    assert published(place).grade == 41
    assert "--isolation auto" in (place / "calls").read_text()
    facts = (place / "results" / "results.json").lstat()
    assert stat.S_ISREG(facts.st_mode)
    assert not facts.st_mode & 0o022


def test_without_a_sandbox_nothing_is_run_and_the_instructor_learns_it(place, capsys):
    autograder.grade(place, stand_in(place, "exit 0\n", isolation=1))
    assert published(place).grade is None
    assert published(place).tests == []
    assert "For the instructor" in published(place).output
    assert "For the instructor" in capsys.readouterr().out
    assert not (place / "calls").exists()


def test_a_report_that_names_no_sandbox_is_dropped(place):
    for isolation in ("process", "", "bubblewrap "):
        file = report_file(place, isolation=isolation, score=67.0)
        autograder.grade(place, stand_in(place, f'cp "{file}" "$results"\n'))
        assert published(place).grade is None


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        ("echo 'This can not be graded: it is empty.'; exit 2\n", "This submission can't be graded."),
        ("echo 'The grader can not go on: the disk is full.' >&2; exit 3\n", "the disk is full"),
        ("kill -9 $$\n", "The grader itself failed"),
        ('echo "[1" >"$results"; exit 0\n', "The grader itself failed"),
        ('echo "[]" >"$results"; exit 0\n', "The grader itself failed"),
        ('head -c 40000000 /dev/zero >"$results"; exit 0\n', "The grader itself failed"),
    ],
    ids=["ungradable", "failed", "killed", "no JSON", "another JSON", "too large"],
)
def test_a_grading_that_failed_has_words_and_no_score(place, check, sentence):
    autograder.grade(place, stand_in(place, check))
    assert published(place).grade is None
    assert sentence in published(place).output


FORGED = json.dumps({"score": 67, "output": "all done"})


@pytest.mark.parametrize("code", [0, 3])
@pytest.mark.parametrize("kind", ["file", "link", "link to nowhere", "folder", "read-only file"])
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_results_that_lie_there_already_count_for_nothing(place, kind, when, code):
    file, elsewhere = place / "results" / "results.json", place / "elsewhere"
    makes = {
        "file": f"echo '{FORGED}' >'{file}'",
        "read-only file": f"echo '{FORGED}' >'{file}'; chmod 444 '{file}'",
        "link": f"echo '{FORGED}' >'{elsewhere}'; ln -s '{elsewhere}' '{file}'",
        "link to nowhere": f"ln -s '{place}/nowhere' '{file}'",
        "folder": f"mkdir -p '{file}/inner'; echo '{FORGED}' >'{file}/inner/x'",
    }
    report = f'cp "{report_file(place, score=5.0)}" "$results"\n' if code == 0 else ""
    if when == "before":
        subprocess.run(["sh", "-c", makes[kind]], check=True)
    forge = f"{makes[kind]}\n" if when == "meanwhile" else ""
    autograder.grade(place, stand_in(place, f"{forge}{report}exit {code}\n"))
    assert published(place).grade == (5 if code == 0 else None)
    assert not file.is_symlink()
    assert not (place / "nowhere").exists()
    if kind == "link":
        assert elsewhere.read_text().strip() == FORGED


def test_a_folder_that_all_may_write_in_is_closed_before_anything_runs(place):
    (place / "results").chmod(0o777)
    autograder.grade(place, stand_in(place, f'ls -ld "{place}/results" >"{place}/seen"\nexit 3\n'))
    assert (place / "seen").read_text().startswith("drwxr-xr-x")


def test_a_folder_that_is_a_link_is_not_used(place):
    (place / "other").mkdir()
    (place / "results").rmdir()
    (place / "results").symlink_to(place / "other")
    with pytest.raises(GraderError, match="does not belong"):
        autograder.grade(place, stand_in(place, "exit 3\n"))
    assert list((place / "other").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder to another user")
def test_a_folder_of_another_user_is_not_used(place):
    os.chown(place / "results", 12345, 12345)
    with pytest.raises(GraderError, match="does not belong"):
        autograder.grade(place, stand_in(place, "exit 3\n"))


def test_the_report_lies_where_no_other_user_can_look(place):
    autograder.grade(place, stand_in(place, f'stat -c %a "$(dirname "$results")" >"{place}/seen"\nexit 3\n'))
    assert (place / "seen").read_text().strip() == "700"


def run_autograder(place: Path, python: str) -> Results:
    binaries = place / "source" / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").write_text(python)
    (binaries / "python").chmod(0o755)
    shutil.copy(stand_in(place, f'cp "{report_file(place, score=7.0)}" "$results"\n'), binaries / "grader")
    program = ROOT / "grader" / "export" / "gradescope" / "run_autograder"
    # the folder it is started in holds a submission's own "grader"
    (place / "submission" / "grader.py").write_text("raise SystemExit('a learner's module was imported')")
    environment = {**os.environ, "AUTOGRADER": str(place), "PYTHONPATH": str(place / "submission")}
    subprocess.run([program], cwd=place / "submission", env=environment, check=True, capture_output=True)
    return published(place)


def test_the_program_that_gradescope_starts_publishes_a_report(place):
    assert run_autograder(place, f'#!/bin/sh\nexec "{sys.executable}" "$@"\n').grade == 7


def test_a_grader_that_can_not_be_started_leaves_no_score(place):
    (place / "results" / "results.json").write_text(FORGED)
    results = run_autograder(place, "#!/bin/sh\nexit 127\n")
    assert results.grade is None
    assert "could not be started" in results.output


def test_a_report_is_written_over_a_link_and_never_through_it(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "report.json").symlink_to(precious)
    outputs = Outputs(json=tmp_path / "report.json")
    outputs.write("json", "{}")
    assert precious.read_text() == "mine"
    assert (tmp_path / "report.json").read_text() == "{}"
    assert not (tmp_path / "report.json").is_symlink()

"""Another assignment than the lab's: packed for platforms, handed out to learners, and named by a class record."""

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader import export
from grader.assignment.assignment import LAB, read
from grader.assignment.handing_out import hand_out
from grader.batch import agreement
from grader.cli import app
from grader.errors import AssignmentError, GraderError
from grader.export import autograder, checkout

EXAMPLE = Path(__file__).parents[2] / "examples" / "moderation-gate"


def names_in(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as bundle:
        return {name for name in bundle.namelist() if name.startswith("assignment/")}


@pytest.mark.parametrize("platform", ["gradescope", "classroom50"])
def test_a_platform_gets_the_assignment_and_none_of_its_answers(tmp_path, platform):
    out = tmp_path / ("a.zip" if platform == "gradescope" else "a")
    done = CliRunner().invoke(app, ["export", platform, str(out), "--assignment", str(EXAMPLE)])
    assert done.exit_code == 0, done.output
    archive = out if out.is_file() else out / "lab-grader.zip"
    with zipfile.ZipFile(archive) as bundle:
        bundle.extractall(tmp_path / "there")
    assert not any("submissions" in name for name in names_in(archive))
    again = read(tmp_path / "there" / "assignment")
    assert [one.id for one in again.own] == [one.id for one in read(EXAMPLE).own]
    assert again.rubric().worth == read(EXAMPLE).rubric().worth


def test_the_lab_s_own_export_has_no_assignment(tmp_path):
    assert names_in(export.gradescope(tmp_path / "a.zip", None)) == set()


def test_the_template_for_github_is_the_lab_s_alone_and_says_so(tmp_path):
    done = CliRunner().invoke(app, ["export", "github", str(tmp_path / "g"), "--assignment", str(EXAMPLE)])
    assert done.exit_code == 2
    assert "grader release" in done.output
    assert not (tmp_path / "g").exists()


def grader_that_prints_its_arguments(tmp_path: Path) -> Path:
    program = tmp_path / "grader"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {tmp_path}/arguments\nexit 0\n')
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("is_there", [True, False])
def test_on_gradescope_the_assignment_that_was_packed_is_graded(tmp_path, is_there):
    root = tmp_path / "root"
    (root / "submission").mkdir(parents=True)
    (root / "source").mkdir()
    if is_there:
        (root / "source" / "assignment").mkdir()
    autograder.grade(root, grader_that_prints_its_arguments(tmp_path))
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert (str(root / "source" / "assignment") in arguments) is is_there
    assert ("--assignment" in arguments) is is_there


def test_on_classroom_50_the_assignment_beside_the_rubric_is_graded(tmp_path):
    (tmp_path / "source" / "assignment").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    program = grader_that_prints_its_arguments(tmp_path)
    with pytest.raises(GraderError, match="no result"):
        checkout.grade(tmp_path / "work", tmp_path / "source" / "rubric.toml", program, {})
    assert "--assignment" in (tmp_path / "arguments").read_text()


# --- the learners' copy ----------------------------------------------------------------------------------------------


def test_learners_get_skeleton_notebooks_and_checks_and_no_answers(tmp_path):
    done = hand_out(read(EXAMPLE), tmp_path)
    assert set(done.written) == {
        "README.md",
        "main.py",
        "notebooks/01-moderation.ipynb",
        "notebooks/checks.py",
    }
    assert hand_out(read(EXAMPLE), tmp_path).written == ()


def test_what_a_learner_wrote_stays(tmp_path):
    (tmp_path / "main.py").write_text("mine")
    outside = tmp_path / "outside"
    outside.write_text("theirs")
    (tmp_path / "README.md").symlink_to(outside)
    done = CliRunner().invoke(app, ["release", str(tmp_path), "--assignment", str(EXAMPLE)])
    assert done.exit_code == 1
    assert "main.py" in done.output
    assert (tmp_path / "main.py").read_text() == "mine"
    assert outside.read_text() == "theirs"


def test_the_lab_is_handed_out_by_release_itself(tmp_path):
    with pytest.raises(AssignmentError, match="gives learners nothing"):
        hand_out(LAB, tmp_path)


def test_a_copy_within_the_assignment_is_refused():
    with pytest.raises(AssignmentError, match="in the assignment itself"):
        hand_out(read(EXAMPLE), EXAMPLE / "skeleton")


# --- named by a class ------------------------------------------------------------------------------------------------


def recorded(place: Path, assignment: str) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    (place / "class.toml").write_text(f'[grading]\nassignment = {json.dumps(assignment)}\nlanguage = "de"\n')
    return place


def test_a_class_record_names_assignment_and_language(tmp_path, monkeypatch):
    recorded(tmp_path, str(EXAMPLE))
    (tmp_path / "class.zip").write_bytes(b"")
    asked = []
    monkeypatch.setattr("grader.batch.run.batch", lambda plan, live, announce: asked.append(plan) or [])
    done = CliRunner().invoke(app, ["batch", str(tmp_path / "class.zip"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert (asked[0].assignment.name, asked[0].language) == ("moderation-gate", "de")
    CliRunner().invoke(
        app, ["batch", str(tmp_path / "class.zip"), "--out", str(tmp_path / "out"), "--language", "en"]
    )
    assert asked[1].language == "en"


def test_a_folder_is_found_from_where_the_record_lies(tmp_path):
    (tmp_path / "gate").mkdir()
    place = recorded(tmp_path / "class", "../gate")
    (place / "class.zip").write_bytes(b"")
    found = agreement.grading(str(place / "class.zip"))
    assert found.assignment == str((tmp_path / "gate").resolve())


@pytest.mark.parametrize("name", ["mallory", "./mallory/deep", "../class/mallory", "link"])
def test_a_record_among_submissions_runs_none_of_their_python(tmp_path, name):
    place = recorded(tmp_path / "class", name)
    deep = place / "mallory" / "deep"
    deep.mkdir(parents=True)
    (place / "link").symlink_to(place / "mallory")
    ran = tmp_path / "ran"
    for folder in (deep, deep.parent):
        (folder / "criteria").mkdir()
        (folder / "assignment.toml").write_text('title = "x"\n')
        (folder / "criteria" / "x.py").write_text(f"open({str(ran)!r}, 'w')")
    done = CliRunner().invoke(app, ["batch", str(place), "--out", str(tmp_path / "out")])
    assert done.exit_code != 0
    assert "among the submissions" in " ".join(done.output.split()) or isinstance(done.exception, GraderError)
    assert not ran.exists()

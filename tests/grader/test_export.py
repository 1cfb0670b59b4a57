"""The grader packed for other platforms: everything that is needed, and nothing that learners must not see."""

import html
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from grader import export
from grader.errors import GraderError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def autograder(tmp_path_factory):
    return export.gradescope(
        tmp_path_factory.mktemp("export") / "autograder.zip", ROOT / "grader" / "rubric.toml"
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return export.github(tmp_path_factory.mktemp("export") / "template")


def test_gradescope_s_two_programs_are_at_the_top_and_can_be_run(autograder):
    with zipfile.ZipFile(autograder) as bundle:
        for name in ("setup.sh", "run_autograder"):
            assert bundle.getinfo(name).external_attr >> 16 & stat.S_IXUSR
        names = set(bundle.namelist())
    assert {"lab-grader/pyproject.toml", "lab-grader/requirements.txt", "rubric.toml"} <= names
    assert {
        "lab-grader/grader/cli.py",
        "lab-grader/grader/export/autograder.py",
        "lab-grader/classroom/s3.py",
        "lab-grader/classroom/standin/replies.toml",
    } <= names


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_the_programs_for_gradescope_are_valid_shell(name):
    subprocess.run(["bash", "-n", ROOT / "grader" / "export" / "gradescope" / name], check=True)


def test_a_template_for_github_is_the_lab_with_its_workflow_and_no_answers(template):
    workflow = yaml.safe_load((template / ".github" / "workflows" / "grade.yml").read_text())
    steps = [step.get("run", "") for step in workflow["jobs"]["grade"]["steps"]]
    assert any("grader check" in step for step in steps)
    names = {path.relative_to(template).as_posix() for path in template.rglob("*") if path.is_file()}
    assert {"pyproject.toml", "src/files_api/main.py", ".grader/grader/cli.py", "CLASSROOM.md"} <= names
    assert not [
        name for name in names if "answer-key" in name or name.startswith((".grader/tests", ".grader/answer"))
    ]


@pytest.mark.parametrize("path", ["gradescope/run_autograder", "github/grade.yml"])
def test_no_platform_is_told_to_run_a_submission_without_a_sandbox(path):
    assert "process" not in (ROOT / "grader" / "export" / path).read_text()


def solution_lines() -> set[str]:
    """Lines that stand in the answer key's solutions and nowhere else in it."""
    inside, outside = set(), set()
    for file in (ROOT / "answer-key" / "src").rglob("*.py"):
        solving = False
        for line in file.read_text().splitlines():
            text = line.strip()
            if text in ("# BEGIN SOLUTION", "# END SOLUTION"):
                solving = text == "# BEGIN SOLUTION"
            elif len(text) > 42:  # shorter ones are anybody's
                (inside if solving else outside).add(text)
    return inside - outside


def test_no_line_of_a_solution_is_in_what_learners_get(template):
    solutions = solution_lines()
    assert len(solutions) > 50
    places = [
        *template.glob("src/**/*.py"),
        *template.glob("tests/**/*.py"),
        *(ROOT / "lab").rglob("*.py"),
        *template.glob("notebooks/*.ipynb"),
    ]
    for file in places:
        text = file.read_text()
        assert "BEGIN SOLUTION" not in text
        assert not [line for line in solutions if line in text], file


def test_a_folder_with_something_in_it_is_not_overwritten(tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(GraderError, match="not empty"):
        export.github(tmp_path)


def test_what_a_run_on_github_prints_is_text_in_its_summary_and_no_command(template, tmp_path):
    workflow = yaml.safe_load((template / ".github" / "workflows" / "grade.yml").read_text())
    [script] = [
        step["run"] for step in workflow["jobs"]["grade"]["steps"] if "grader check" in step.get("run", "")
    ]
    hostile = "```\n<img src=x onerror=alert(1)> </pre> &lt;\n::add-mask::x\n"
    (tmp_path / "bin").mkdir()
    (tmp_path / "said").write_text(hostile)
    for name, body in {
        "grader": f'[ "$1" = check ] || exit 0; cat "{tmp_path}/said"; exit 1',
        "git": "tar -c -T /dev/null",
    }.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    summary = tmp_path / "summary.md"
    environment = {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    inner = summary.read_text().removeprefix("<pre>\n").removesuffix("</pre>\n")
    assert "<" not in inner
    assert html.unescape(inner).endswith(hostile)
    stop, _, rest = done.stdout.partition("::add-mask::")
    token = stop.partition("::stop-commands::")[2].split()[0]
    assert len(token) == 32
    assert f"::{token}::" in rest

"""The grader packed for other platforms: everything that is needed, and nothing that learners must not see."""

import html
import inspect
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import typing
import zipfile
from pathlib import Path

import pytest
import yaml

from grader import export
from grader.collect.scanning.scans import secrets_in
from grader.commands import materials
from grader.errors import GraderError
from grader.export import checkout
from grader.report import classroom50, document
from tests.grader import hostile_words as words
from tests.grader import importers
from tests.sampling import thorough

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
        "lab-grader/classroom/s3/mock.py",
        "lab-grader/classroom/standin/generation/replies.toml",
    } <= names


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_the_programs_for_gradescope_are_valid_shell(name):
    subprocess.run(["bash", "-n", ROOT / "grader" / "export" / "gradescope" / name], check=True)


def test_a_template_for_github_is_the_lab_with_its_workflow_and_no_answers(template):
    workflow = yaml.safe_load((template / ".github" / "workflows" / "grade.yml").read_text())
    steps = [step.get("run", "") for step in workflow["jobs"]["grade"]["steps"]]
    assert any("grader check" in step for step in steps)
    names = {path.relative_to(template).as_posix() for path in template.rglob("*") if path.is_file()}
    assert {
        "pyproject.toml",
        "src/files_api/main.py",
        "notebooks/00-start-here.ipynb",
        "assets/notebook.png",
        "README.md",
        "LAB.md",
        "Makefile",
        ".gitignore",
        ".devcontainer/devcontainer.json",
        ".grader/bootstrap.py",
        ".grader/requirements.txt",
        ".grader/grader/cli.py",
        ".github/TEMPLATE.md",
    } <= names
    assert not [
        name for name in names if "answer-key" in name or name.startswith((".grader/tests", ".grader/answer"))
    ]


PLATFORMS = typing.get_args(export.Platform)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_platform_is_made_to_run_a_submission_without_a_sandbox(platform):
    files = [path for path in (ROOT / "grader" / "export" / platform).iterdir() if path.is_file()]
    assert files
    for path in files:
        assert not re.search(r"\bprocess\b", path.read_text(encoding="utf-8")), path


def test_every_platform_has_a_function_a_choice_of_the_command_and_a_row_of_the_contract():
    destination = inspect.signature(materials.export).parameters["platform"].annotation
    assert typing.get_args(typing.get_args(destination)[0]) == PLATFORMS
    assert all(callable(getattr(export, platform)) for platform in PLATFORMS)
    contract = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    assert "grader export " + r"\|".join(PLATFORMS) in contract


@pytest.mark.parametrize("page", ["docs/grading.md", "course/instructors.md"])
def test_every_platform_is_described_to_instructors(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [platform for platform in PLATFORMS if f"grader export {platform} " not in text] == []


def solution_lines() -> set[str]:
    """Lines that are in the answer key's solutions and nowhere else in it."""
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


def test_the_template_s_own_pages_lead_to_what_is_there(template):
    for page in ("README.md", "LAB.md", ".github/TEMPLATE.md"):
        text = (template / page).read_text()
        for link in re.findall(r"(?:\]\(|src=\")(?!https?:|#)([^)\"#]+)", text):
            assert ((template / page).parent / link).exists(), f"{page}: {link}"


def test_the_workflow_takes_the_whole_history_and_leaves_no_token_behind(template):
    workflow = yaml.safe_load((template / ".github" / "workflows" / "grade.yml").read_text())
    [checkout] = [step for step in workflow["jobs"]["grade"]["steps"] if "checkout" in step.get("uses", "")]
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}


def test_nothing_that_the_template_brings_looks_like_a_secret(template):
    for file in template.rglob("*"):
        if file.is_file():
            assert not list(secrets_in(file.read_text(errors="replace"))), file


KEY = "sk-proj-" + "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z"


@pytest.fixture
def leaked(tmp_path) -> Path:
    """A repository in which a key was committed, and removed by the next commit."""

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=place, check=True, capture_output=True)

    place = tmp_path / "ada"
    shutil.copytree(ROOT / "tests" / "hostile" / "honest", place)
    (place / ".grader").mkdir()
    (place / ".grader" / "README.md").write_text("the grader")
    settings = place / "settings.py"
    git("init", "-q", "-b", "main")
    settings.write_text(f'key = "{KEY}"\n')
    git("add", ".")
    git("commit", "-qm", "first")
    settings.write_text("import os\n\nkey = os.environ['OPENAI_API_KEY']\n")
    git("commit", "-qam", "second")
    return place


@thorough
def test_a_key_that_was_removed_fails_at_home_from_a_url_and_in_the_workflow(template, leaked, tmp_path):
    grader = Path(sys.executable).with_name("grader")
    only = ["--only", "secrets", "--isolation", "auto"]
    home, url, action = (tmp_path / f"{name}.json" for name in ("home", "url", "action"))
    subprocess.run([grader, "check", leaked, *only, "--json", home], capture_output=True)
    subprocess.run([grader, "check", f"file://{leaked}", *only, "--json", url], capture_output=True)
    workflow = yaml.safe_load((template / ".github" / "workflows" / "grade.yml").read_text())
    [script] = [
        step["run"] for step in workflow["jobs"]["grade"]["steps"] if "grader check" in step.get("run", "")
    ]
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "grader"
    wrapper.write_text(f'#!/bin/sh\n[ "$1" = check ] || exit 0\nexec "{grader}" "$@" --only secrets\n')
    wrapper.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    subprocess.run(["bash", "-e", "-c", script], cwd=leaked, env=environment, capture_output=True)
    shutil.copyfile(tmp_path / "report" / "report.json", action)
    verdicts = [
        {each["id"]: each["status"] for each in json.loads(file.read_text())["criteria"]}
        for file in (home, url, action)
    ]
    assert verdicts[0]["secrets.not_in_code"] == "failed"
    assert verdicts[0] == verdicts[1] == verdicts[2]


# --- Classroom 50 -----------------------------------------------------------------------------------------------------

VARIABLES = {
    "CLASSROOM": "cs-2026",
    "ASSIGNMENT": "files-lab",
    "ASSIGNMENT_TYPE": "individual",
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
    "COMMIT_URL": "https://github.com/o/r/commit/1",
    "RELEASE_URL": "https://github.com/o/r/releases/tag/x",
}


def stand_in(place: Path, report: str | None, code: int) -> Path:
    """A program called as the grader is, which writes a report."""
    (place / "canned.json").write_text(report or "")
    program = place / "grader"
    write = f'cp "{place}/canned.json" "$1"' if report is not None else "true"
    program.write_text(f'#!/bin/sh\nwhile [ "$1" != --json ]; do shift; done\nshift\n{write}\nexit {code}\n')
    program.chmod(0o755)
    return program


def test_classroom_50_takes_the_result(tmp_path):
    whole = words.report().model_copy(update={"score": 12.5})
    program = stand_in(tmp_path, document.render(whole), 1)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "result.json").write_text('{"score": 67}')
    checkout.grade(tmp_path / "work", tmp_path / "no.toml", program, VARIABLES)
    result = json.loads((tmp_path / "work" / "result.json").read_text())
    importers.classroom50_result(result, "cs-2026", "files-lab", "ada")


@pytest.mark.parametrize("points", [1.0, 2.5, 0.1, 1 / 3])
def test_points_in_fractions_become_whole_numbers(points):
    whole = words.report()
    criteria = tuple(
        each.model_copy(update={"points": points, "max_points": 3 * points}) for each in whole.criteria
    )
    most = sum(each.max_points for each in criteria)
    report = whole.model_copy(update={"criteria": criteria, "score": most + points, "max_score": most})
    text = classroom50.render(report, checkout.identity(ROOT, VARIABLES))
    importers.classroom50_result(json.loads(text), "cs-2026", "files-lab", "ada")


@pytest.mark.parametrize("kind", ["error", "no report", "killed", "no sandbox", "not ours"])
def test_without_a_judgement_there_is_no_result(tmp_path, kind):
    whole = words.report()
    report, code = {
        "error": (document.render(words.with_error(whole)), 3),
        "no report": (None, 2),
        "killed": (None, 137),
        "no sandbox": (document.render(whole.model_copy(update={"isolation": "process"})), 0),
        "not ours": ('{"score": 67}', 0),
    }[kind]
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "result.json").write_text('{"score": 67}')
    with pytest.raises(GraderError, match="no result"):
        checkout.grade(tmp_path / "work", tmp_path / "no.toml", stand_in(tmp_path, report, code), VARIABLES)
    assert not (tmp_path / "work" / "result.json").exists()


def test_an_error_within_a_report_is_no_result_either():
    with pytest.raises(GraderError, match="no result"):
        classroom50.render(words.with_error(words.report()), {})


def test_the_autograder_for_classroom_50_brings_the_grader(tmp_path):
    place = export.classroom50(tmp_path / "files-lab", ROOT / "grader" / "rubric.toml")
    compile((place / "autograder.py").read_text(), "autograder.py", "exec")
    with zipfile.ZipFile(place / "lab-grader.zip") as bundle:
        assert {"rubric.toml", "requirements.txt", "grader/export/checkout.py"} <= set(bundle.namelist())
    assert (place / "lab-grader.zip").stat().st_size < 10_000_000  # what Classroom 50 fetches at most


def test_what_a_run_on_github_prints_is_text_in_its_summary_and_no_command(template, tmp_path):
    workflow = yaml.safe_load((template / ".github" / "workflows" / "grade.yml").read_text())
    [script] = [
        step["run"] for step in workflow["jobs"]["grade"]["steps"] if "grader check" in step.get("run", "")
    ]
    hostile = "```\n<img src=x onerror=alert(1)> </pre> &lt;\n::add-mask::x\n"
    (tmp_path / "bin").mkdir()
    (tmp_path / "printed").write_text(hostile)
    for name, body in {
        "grader": f'[ "$1" = check ] || exit 0; cat "{tmp_path}/printed"; exit 1',
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

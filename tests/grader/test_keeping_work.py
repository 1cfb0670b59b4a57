"""Nobody's work is lost when the answer key is released again: what somebody wrote is named, left alone or set aside."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from grader.cli import app
from grader.errors import ReleaseError
from grader.release import release, state

ROOT = Path(__file__).resolve().parents[2]
GRADER = Path(sys.executable).with_name("grader")
APP, TEST = "lab/src/app.py", "lab/tests/test_app.py"


@pytest.fixture
def key(tmp_path):
    """An answer key in a project of its own."""
    files = {
        "pyproject.toml": "[project]\nname = 'x'\n",
        "src/app.py": "# BEGIN SOLUTION\nprint(42)\n# END SOLUTION\nlast = 1\n",
        "tests/test_app.py": "def test(): ...\n",
        "notebooks/notes.txt": "a note\n",
        "README.md": "# The lab\n",
    }
    for name, text in files.items():
        file = tmp_path / "project" / "answer-key" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "project" / "answer-key"


@pytest.fixture(params=["the project", "a class"])
def copy(request, key, tmp_path):
    """A copy that was released: beside its answer key, or elsewhere."""
    place = key.parent if request.param == "the project" else tmp_path / "class"
    release(key, place)
    return place


def everything(place: Path) -> dict[str, str]:
    return {
        file.relative_to(place).as_posix(): file.read_text() for file in place.rglob("*") if file.is_file()
    }


def move_on(key: Path, name: str = "src/app.py") -> None:
    (key / name).write_text((key / name).read_text() + "more = 2\n")


# --- what is left alone ------------------------------------------------------------------------------------------


def test_a_copy_that_nobody_touched_is_as_the_key_makes_it_and_is_written_again_when_the_key_moves_on(
    key, copy
):
    assert state(key, copy).stale == ()
    assert release(key, copy).written == ()
    move_on(key)
    assert state(key, copy).stale == (APP,)
    done = release(key, copy)
    assert (done.written, done.removed, done.worked) == ((APP,), (), {})
    assert "more = 2" in (copy / APP).read_text()


@pytest.mark.parametrize("moved", [False, True])
def test_a_file_that_somebody_changed_is_left_alone_and_named(key, copy, moved):
    (copy / APP).write_text("my work\n")
    if moved:
        move_on(key)
    for _ in range(3):  # however often
        found = release(key, copy).worked
        assert list(found) == [APP]
        assert found[APP].startswith("changed")
        assert ("moved on" in found[APP]) == moved
        assert (copy / APP).read_text() == "my work\n"
    assert state(key, copy).stale == ()


@pytest.mark.parametrize(
    "name", ["lab/mine.py", "lab/deep/er/mine.txt", "notebooks/mine.ipynb", "lab/.hidden"]
)
def test_a_file_that_somebody_added_is_left_alone_and_named(key, copy, name):
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).write_text("my work\n")
    assert release(key, copy).worked == {name: "added"}
    assert (copy / name).read_text() == "my work\n"


def test_work_on_one_file_does_not_keep_the_others_from_moving_on(key, copy):
    (copy / APP).write_text("my work\n")
    move_on(key, "tests/test_app.py")
    done = release(key, copy)
    assert (done.written, list(done.worked)) == ((TEST,), [APP])


def test_a_file_that_the_key_no_longer_has_is_removed_if_nobody_worked_on_it(key, copy):
    (key / "tests" / "test_app.py").unlink()
    assert state(key, copy).obsolete == (TEST,)
    assert release(key, copy).removed == (TEST,)
    assert not (copy / TEST).exists()


def test_a_file_that_the_key_no_longer_has_stays_if_somebody_worked_on_it(key, copy):
    (copy / TEST).write_text("my tests\n")
    (key / "tests" / "test_app.py").unlink()
    assert release(key, copy).worked == {TEST: "changed; the answer key no longer has it"}
    assert (copy / TEST).read_text() == "my tests\n"


def test_a_file_that_somebody_removed_comes_back(key, copy):
    (copy / APP).unlink()
    assert state(key, copy).removed == (APP,)
    assert release(key, copy).written == (APP,)


def test_work_that_became_what_the_key_has_is_nobody_s_any_more(key, copy):
    before = (copy / APP).read_text()
    (copy / APP).write_text(before + "more = 2\n")
    move_on(key)
    assert release(key, copy).worked == {}
    move_on(key)
    assert release(key, copy).written == (APP,)


def test_line_ends_as_windows_has_them_are_nobody_s_work(key, copy):
    (copy / APP).write_bytes((copy / APP).read_bytes().replace(b"\n", b"\r\n"))
    assert release(key, copy).worked == {}


def test_nothing_outside_lab_and_notebooks_is_removed_or_named(key, copy):
    for name in ("mine.txt", "assets/mine.png", "src/app.py"):
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text("mine")
    before = everything(copy)
    done = release(key, copy)
    assert (done.written, done.removed, done.worked) == ((), (), {})
    assert everything(copy) == before


def test_what_tools_leave_and_a_key_are_nobody_s_work(key, copy):
    for name in ("lab/.env", "lab/.venv/x", "lab/src/__pycache__/x", "notebooks/.ipynb_checkpoints/x"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("x")
    assert release(key, copy, force=True).worked == {}
    assert (copy / "lab" / ".env").exists()


def test_a_project_in_a_folder_called_as_what_tools_leave_is_released_all_the_same(key, tmp_path):
    place = tmp_path / ".venv" / "build"
    shutil.copytree(key, place / "answer-key")
    release(place / "answer-key", place)
    (place / "lab" / "mine.py").write_text("my work")
    assert release(place / "answer-key", place).worked == {"lab/mine.py": "added"}


# --- links and other things in the way ---------------------------------------------------------------------------


@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_written_or_removed_through_a_link(key, copy, tmp_path, force):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "app.py").write_text("precious")
    shutil.rmtree(copy / "lab" / "src")
    (copy / "lab" / "src").symlink_to(elsewhere)
    (copy / TEST).unlink()
    (copy / TEST).symlink_to(elsewhere / "app.py")
    move_on(key)
    move_on(key, "tests/test_app.py")
    done = release(key, copy, force=force)
    assert set(done.worked) == {"lab/src", TEST}
    assert everything(elsewhere) == {"app.py": "precious"}
    assert (copy / "lab" / "src").is_symlink() == (not force)
    if force:
        assert (done.kept / "lab" / "src").is_symlink()
        assert (copy / APP).is_file()


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_where_a_file_should_be_and_the_other_way_round_are_work(key, copy, force):
    (copy / APP).unlink()
    (copy / APP).mkdir()
    (copy / APP / "mine.txt").write_text("my work")
    shutil.rmtree(copy / "notebooks")
    (copy / "notebooks").write_text("my work, too")
    done = release(key, copy, force=force)
    assert {APP, "notebooks"} <= set(done.worked)
    kept = done.kept if force else copy
    assert (kept / APP / "mine.txt").read_text() == "my work"
    assert (kept / "notebooks").read_text() == "my work, too"
    if force:
        assert release(key, copy).worked == {}


# --- setting aside -----------------------------------------------------------------------------------------------


def test_force_moves_work_to_a_dated_folder_and_loses_nothing(key, copy):
    (copy / APP).write_text("my work\n")
    (copy / "lab" / "mine.py").write_text("more of it\n")
    done = release(key, copy, force=True)
    assert re.fullmatch(r"set-aside-\d{4}-\d\d-\d\d-\d{6}", done.kept.name)
    assert everything(done.kept) == {APP: "my work\n", "lab/mine.py": "more of it\n"}
    assert "YOUR CODE" in (copy / APP).read_text()
    assert release(key, copy).worked == {}


def test_force_twice_in_a_second_keeps_both(key, copy, monkeypatch):
    folders = set()
    for number in range(3):
        (copy / APP).write_text(f"work {number}\n")
        folders.add(release(key, copy, force=True).kept)
    assert sorted(everything(folder)[APP] for folder in folders) == ["work 0\n", "work 1\n", "work 2\n"]


def test_force_without_work_makes_no_folder(key, copy):
    assert release(key, copy, force=True).kept is None
    assert not list(copy.glob("set-aside-*"))


# --- the record --------------------------------------------------------------------------------------------------


def test_the_record_is_the_same_from_run_to_run_and_looking_writes_nothing(key, copy):
    before = everything(copy)
    (copy / "notebooks" / "notes.txt").write_text("executed")
    state(key, copy)
    release(key, copy)
    assert everything(copy) == {**before, "notebooks/notes.txt": "executed"}


def test_after_a_merge_that_left_the_record_behind_it_is_mended(key, copy):
    record = copy / ".release.json"
    recorded = json.loads(record.read_text())
    recorded["files"][APP] = "sha256:another"
    record.write_text(json.dumps(recorded))
    assert state(key, copy).record_is_behind
    assert release(key, copy).worked == {}
    move_on(key)
    assert release(key, copy).written == (APP,)


@pytest.mark.parametrize(
    "record",
    [
        "<<<<<<< HEAD",
        "[]",
        '{"files": []}',
        '{"files": {"lab/a": 1}}',
        '{"files": {"../outside": "sha256:x"}}',
        '{"files": {"/etc/passwd": "sha256:x"}}',
        "[" * 100_000,
    ],
)
def test_a_record_that_can_not_be_used_stops_a_release_before_it_writes(key, copy, record):
    (copy / ".release.json").write_text(record)
    move_on(key)
    before = everything(copy)
    with pytest.raises(ReleaseError, match=r"\.release\.json is not a record"):
        release(key, copy, force=True)
    assert everything(copy) == before


def test_without_a_record_what_is_as_the_key_makes_it_is_taken_up_and_all_else_is_work(key, copy):
    (copy / ".release.json").unlink()
    (copy / TEST).write_text("my tests\n")
    assert release(key, copy).worked == {TEST: "changed"}
    move_on(key)
    assert release(key, copy).written == (APP,)
    assert (copy / TEST).read_text() == "my tests\n"


def git(place: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=place, check=True, capture_output=True, text=True
    ).stdout


def test_without_a_record_what_the_committed_key_makes_is_nobody_s_work(key, copy):
    git(key.parent, "init", "-q")
    (key.parent / "assets").mkdir(exist_ok=True)
    (key.parent / "assets" / "a.txt").touch()
    git(key.parent, "add", "answer-key", "assets")
    git(key.parent, "commit", "-qm", "the key")
    (copy / ".release.json").unlink()
    (copy / TEST).write_text("my tests\n")
    (key / "README.md").unlink()
    move_on(key)
    done = release(key, copy)
    assert (done.written, done.removed, done.worked) == ((APP,), ("lab/README.md",), {TEST: "changed"})


# --- the command -------------------------------------------------------------------------------------------------


def grader(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["release", *map(str, arguments)])


def test_the_command_names_work_and_exits_1_and_check_tells_it_from_a_key_that_moved_on(key, copy):
    (copy / APP).write_text("my work\n")
    move_on(key, "tests/test_app.py")
    checked = grader(copy, "--from", key, "--check")
    assert checked.exit_code == 1
    worked, _, moved = checked.stderr.partition("The answer key moved on")
    assert "Someone worked here:" in worked
    assert (APP in worked, TEST in worked) == (True, False)
    assert (APP in moved, TEST in moved) == (False, True)
    done = grader(copy, "--from", key)
    assert (done.exit_code, done.stdout) == (1, f"wrote {TEST}\n")
    assert "Someone worked here" in done.stderr
    assert APP in done.stderr
    forced = grader(copy, "--from", key, "--force")
    assert forced.exit_code == 0
    assert "set-aside-" in forced.stdout
    assert grader(copy, "--from", key, "--check").exit_code == 0
    assert grader(copy, "--from", key, "--check", "--force").exit_code == 2


def test_a_name_that_steers_a_terminal_is_written_out(key, copy):
    (copy / "lab" / "a\x1b[2J\u202e.py").write_text("x")
    done = grader(copy, "--from", key)
    assert "\x1b" not in done.stderr
    assert "a\\x1b[2J\\u202e.py (added)" in done.stderr


# --- the folder for a class --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """The folder that the guide makes, by the guide's own commands."""
    guide = (ROOT / "course" / "instructors.md").read_text()
    [block] = [
        each for each in re.findall(r"```\n(.*?)```", guide, re.DOTALL) if "grader release class/" in each
    ]
    place = tmp_path_factory.mktemp("guide")
    for name in git(ROOT, "ls-files").splitlines():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copyfile(ROOT / name, place / name)
    environment = {**os.environ, "PATH": f"{GRADER.parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-ec", block], cwd=place, check=True, env=environment, capture_output=True)
    return place / "class"


def test_in_the_class_folder_git_takes_neither_the_environment_nor_a_key(classroom):
    for name in (".venv/lib/x.py", "reports/report.html", ".env", "lab/.env", "lab/src/__pycache__/x.pyc"):
        (classroom / name).parent.mkdir(parents=True, exist_ok=True)
        (classroom / name).write_text("x")
    git(classroom, "init", "-q")
    git(classroom, "add", ".")
    added = git(classroom, "ls-files").splitlines()
    assert not [name for name in added if re.search(r"(^|/)(\.venv|reports|__pycache__)/|(^|/)\.env$", name)]
    assert {"README.md", ".gitignore", ".release.json", "lab/README.md", "lab/.env.example"} <= set(added)
    assert sum((classroom / name).stat().st_size for name in added) < 20_000_000


def test_every_line_of_the_class_folder_s_page_is_true_there(classroom):
    page = (classroom / "README.md").read_text()
    for link in re.findall(r"\]\(([^)#]+)\)", page):
        assert (classroom / link).is_file(), link
    for target in re.findall(r"`make (\w+)`", page):
        subprocess.run(["make", "-n", target], cwd=classroom, check=True, capture_output=True)
    for path in re.findall(r"`([\w.-]+(?:/[\w./-]*|\.py))`", page):
        assert (classroom / path).exists(), path
    assert len(list((classroom / "notebooks").glob("*.ipynb"))) == 16
    assert "twelve notebooks" in page
    for absent in ("answer-key", "make test", "make grade", "make site", "grader batch", "SECURITY.md"):
        assert absent not in page
    assert not (classroom / "answer-key").exists()


def test_the_class_folder_holds_what_setting_up_needs(classroom):
    for line in (classroom / "requirements.txt").read_text().splitlines():
        assert not line.startswith("-e ") or line == "-e ."
    project = (classroom / "pyproject.toml").read_text()
    for name in re.findall(r'^readme = "(.+)"', project, re.MULTILINE):
        assert (classroom / name).is_file()
    assert (classroom / "hatch_build.py").is_file()
    for name in re.search(r"^packages = \[(.+)\]", project, re.MULTILINE)[1].replace('"', "").split(", "):
        assert (classroom / name / "__init__.py").is_file()
    script = (classroom / "bootstrap.py").read_text()
    named = set(re.findall(r'"([\w.-]+\.(?:txt|toml))"', script)) - {"requirements-dev.txt"}  # for developers
    assert all((classroom / name).is_file() for name in named)


def test_the_class_folder_ignores_what_the_project_ignores():
    own = (ROOT / "grader" / "export" / "class" / "gitignore").read_text().splitlines()
    assert set((ROOT / ".gitignore").read_text().splitlines()) <= set(own)


@pytest.mark.parametrize("page", ["lab/README.md", "grader/export/class/README.md", "course/index.md"])
def test_pages_for_learners_name_grader_check_lab_and_no_command_for_developers(page):
    text = (ROOT / page).read_text()
    assert "make test" not in text
    assert set(re.findall(r"grader check (\S+?)[`\s]", text)) <= {"lab"}


def test_notebooks_name_no_command_for_developers():
    for file in (ROOT / "notebooks").glob("*.ipynb"):
        assert "make test" not in file.read_text()
        assert set(re.findall(r"grader check (\w+)", file.read_text())) <= {"lab"}

"""`grader`, as it is typed: exit codes, and one clear screen for every bad input."""

import io
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from grader import cli, rubric
from grader.commands.outputs import exit_code
from grader.report import terminal
from grader.sandbox import choose_tier
from grader.submission import open_submission
from tests.grader.grading import SUBMISSIONS, graded
from tests.sharing import made_once

GRADER = str(Path(sys.executable).parent / "grader")
ENDPOINT = ["--only", "endpoint"]


def grader(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([GRADER, *map(str, arguments)], capture_output=True, text=True, cwd=cwd)
    assert "Traceback" not in done.stderr
    return done


def read_here(path: Path) -> int:
    """What the command exits with when it reads this: in this process, which saves starting two for each case."""

    def read() -> None:
        with open_submission(str(path), tier=choose_tier("auto")):
            pass

    return cli._guarded(read)


def one_screen(text: str) -> bool:
    return len(text.splitlines()) <= 40


def zipped(place: Path, **members: str) -> Path:
    file = place / "work.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return file


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda place: place / "nowhere", "no submission at"),
        (lambda place: (place / "empty").mkdir() or place / "empty", "empty"),
        (
            lambda place: (place / "app.py").write_text("hi") and place / "app.py",
            "Give the folder that holds it",
        ),
        (lambda place: (place / "file.txt").write_text("hi") and place / "file.txt", "neither a .zip nor"),
        (
            lambda place: (place / "work.zip").write_bytes(b"PK\x03\x04 broken") and place / "work.zip",
            "neither a .zip nor",
        ),
        (lambda place: zipped(place, **{"..__..__evil.py": "x"}), "outside its folder"),
        (lambda place: zipped(place, **{"__etc__evil.py": "x"}), "outside its folder"),
    ],
    ids=[
        "missing",
        "empty folder",
        "single file",
        "no archive",
        "broken archive",
        "dot-dot in a zip",
        "absolute path in a zip",
    ],
)
def test_what_can_not_be_graded_is_reported_in_one_line_and_exits_2(tmp_path, make, words, capsys):
    assert read_here(make(tmp_path)) == 2
    printed = capsys.readouterr()
    assert words in printed.err.replace("\n", " ")
    assert printed.out == ""
    assert one_screen(printed.err)


def test_the_command_refuses_a_hostile_archive_in_one_line_and_exits_2(tmp_path):
    done = grader("check", zipped(tmp_path, **{"..__..__evil.py": "x"}), cwd=tmp_path)
    assert done.returncode == 2
    assert "outside its folder" in done.stderr.replace("\n", " ")
    assert done.stdout == ""
    assert one_screen(done.stderr)


def _tar_with(member: tarfile.TarInfo, place: Path) -> Path:
    file = place / "work.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        archive.addfile(member, io.BytesIO(b"x" * member.size))
    return file


@pytest.mark.parametrize("kind", ["..", "absolute", "symbolic link", "hard link", "device"])
def test_a_hostile_tar_is_refused_and_writes_nothing(tmp_path, kind):
    member = tarfile.TarInfo({"..": "../evil.py", "absolute": "/tmp/evil.py"}.get(kind, "evil.py"))
    types = {"symbolic link": tarfile.SYMTYPE, "hard link": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}
    member.type, member.linkname = types.get(kind, tarfile.REGTYPE), "/etc/passwd"
    assert read_here(_tar_with(member, tmp_path)) == 2
    assert not list(tmp_path.parent.glob("**/evil.py"))


def test_a_zip_bomb_is_refused(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(21):
            archive.writestr(f"{number}.bin", b"\0" * 10 * 1024 * 1024)
    assert read_here(tmp_path / "bomb.zip") == 2
    assert "larger than" in capsys.readouterr().err


def test_a_manifest_that_makes_no_sense_is_named(tmp_path, capsys):
    (tmp_path / "lab.toml").write_text("[tool.lab]\nexpect = ['video']\n")
    assert read_here(tmp_path) == 2
    printed = capsys.readouterr().err
    assert "lab.toml" in printed
    assert "expect" in printed


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import nowhere\nfrom fastapi import FastAPI\napp = FastAPI()", "No module named 'nowhere'"),
        ("from fastapi import FastAPI\napp = FastAPI()\nraise RuntimeError('no settings')", "no settings"),
        ("from fastapi import FastAPI\napp = FastAPI(openapi_url=None)", "it has no operation to try"),
        (
            "from fastapi import FastAPI\napp = FastAPI()\n@app.post('/x')\ndef x(): ...",
            "reached OpenAI (answers:",
        ),
        ("print('hello')", "No web application was found"),
        ("def broken(:", "No web application was found"),
    ],
    ids=["import fails", "start fails", "no document", "no endpoint", "no app", "no Python"],
)
def test_an_app_that_does_not_work_fails_and_the_reason_is_on_the_screen(tmp_path, code, words):
    (tmp_path / "main.py").write_text(code)
    report, _ = graded(tmp_path, "endpoint")
    assert exit_code(report) == 1
    screen = Console(file=io.StringIO(), width=80)
    terminal.show(report, screen)
    printed = screen.file.getvalue()
    assert words in " ".join(printed.split())
    assert one_screen(printed)


def test_an_app_that_never_starts_fails_after_the_limit(tmp_path):
    (tmp_path / "main.py").write_text(
        "import time\nfrom fastapi import FastAPI\napp = FastAPI()\ntime.sleep(600)"
    )
    done = grader("check", tmp_path, *ENDPOINT)
    assert done.returncode == 1
    assert "The app did not answer in time: main.py, line 4" in " ".join(done.stdout.split())


def test_the_untouched_skeleton_reads_like_a_to_do_list():
    done = grader("check", "lab", cwd=SUBMISSIONS.parents[1])
    assert done.returncode == 1
    assert "To do next" in done.stdout
    assert "not run" in done.stdout


@dataclass(frozen=True)
class Checked:
    """One check, all that it prints and writes."""

    stdout: str
    junit: str
    evidence: Path


@pytest.fixture(scope="module")
def checked(tmp_path_factory) -> Checked:
    def make(place):
        words = ["--json", "-", "--junit", place / "report.xml", "--evidence", place / "evidence"]
        done = grader("check", SUBMISSIONS / "other_words", *ENDPOINT, *words)
        (place / "stdout").write_text(done.stdout)

    place = made_once(tmp_path_factory, "checked", make)
    return Checked((place / "stdout").read_text(), (place / "report.xml").read_text(), place / "evidence")


@pytest.fixture
def kept(checked, tmp_path) -> Path:
    """A copy of the evidence that the check kept."""
    return shutil.copytree(checked.evidence, tmp_path / "evidence")


def test_json_on_standard_output_is_alone_there_and_keeps_the_contract(checked):
    report = json.loads(checked.stdout)
    assert report["schema"] == 1
    assert set(report) >= {
        "submission",
        "score",
        "max_score",
        "complete",
        "criteria",
        "isolation",
        "grader",
        "seconds",
    }
    assert set(report["criteria"][0]) >= {
        *(
            "id",
            "section",
            "title",
            "required",
            "status",
            "points",
            "max_points",
            "summary",
            "hint",
            "evidence",
            "advice",
        )
    }
    assert report["submission"]["digest"].startswith("sha256:")
    assert checked.junit.count("<testcase") == len(report["criteria"])


def test_an_archive_is_the_same_submission_as_its_folder(checked, tmp_path):
    base = SUBMISSIONS / "other_words"
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as archive:
        for file in base.rglob("*"):
            archive.write(file, Path("ada") / file.relative_to(base))
    # what is graded is this copy of it: the same files, whatever it came in
    with open_submission(str(tmp_path / "ada.zip"), tier=choose_tier("auto")) as submission:
        assert submission.name == "ada"
        assert submission.digest == json.loads(checked.stdout)["submission"]["digest"]


def test_a_git_bundle_is_a_submission(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "main.py").write_text("from fastapi import FastAPI\napp = FastAPI()")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-qm", "x"],
        ["bundle", "create", "-q", "../ada.bundle", "HEAD", "--all"],
    ):
        subprocess.run([*git, *command], cwd=work, check=True)
    with open_submission(str(tmp_path / "ada.bundle"), tier=choose_tier("auto")) as submission:
        assert submission.name == "ada"
        assert (submission.root / "main.py").read_text().startswith("from fastapi")


def test_saved_evidence_gives_the_same_report_again_under_the_same_rubric(checked, kept, tmp_path):
    done = grader("judge", kept, *ENDPOINT, "--json", "-", "--html", tmp_path / "2.html")
    assert done.returncode == 0
    assert done.stdout == checked.stdout
    assert "<audio" in (tmp_path / "2.html").read_text()


def test_what_was_not_collected_is_not_run_and_never_the_learner_s_failure(kept):
    report = json.loads(grader("judge", kept, "--json", "-").stdout)
    other = [result for result in report["criteria"] if result["section"] != "endpoint"]
    assert {result["status"] for result in other} == {"not_run"}
    assert not report["complete"]


def test_changed_evidence_is_refused(kept):
    blob = next((kept / "blobs").iterdir())
    blob.write_bytes(b"something else")
    done = grader("judge", kept)
    assert done.returncode == 3
    assert "was changed" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = 'x'\n[points]\n'endpoint.startz' = { points = 1 }\n", "line 3"),
        ("title = 'x'\n[points]\n'endpoint.starts' = { points = -1 }\n", "line 3"),
        ("title = \n", "not valid TOML"),
        ("title = 'x'\n", "points"),
    ],
)
def test_a_rubric_that_makes_no_sense_names_the_line_and_exits_3(tmp_path, text, words, capsys):
    file = tmp_path / "rubric.toml"
    file.write_text(text)
    assert cli._guarded(lambda: rubric.read(file)) == 3
    assert words in " ".join(capsys.readouterr().err.split())


def test_the_command_refuses_a_rubric_that_makes_no_sense(tmp_path):
    (tmp_path / "rubric.toml").write_text("title = \n")
    done = grader("check", SUBMISSIONS / "other_words", "--rubric", tmp_path / "rubric.toml")
    assert done.returncode == 3
    assert "not valid TOML" in " ".join(done.stderr.split())


def test_only_of_nothing_known_exits_3():
    done = grader("check", SUBMISSIONS / "other_words", "--only", "nonsense")
    assert (done.returncode, "No criterion begins with nonsense" in done.stderr) == (3, True)


def test_a_bug_of_the_grader_s_own_exits_3_and_is_not_blamed_on_the_learner(capsys, monkeypatch):
    monkeypatch.delenv("GRADER_DEBUG", raising=False)
    assert cli._guarded(lambda: 1 / 0) == 3
    printed = capsys.readouterr().err
    assert "says nothing of the submission: ZeroDivisionError" in printed
    assert "Traceback" not in printed


def test_a_full_disk_is_the_grader_s_trouble(tmp_path):
    (tmp_path / "main.py").write_text("from fastapi import FastAPI\napp = FastAPI()")
    done = grader("check", tmp_path, *ENDPOINT, "--json", "/dev/full/report.json")
    assert done.returncode == 3
    assert "can't be written" in done.stderr

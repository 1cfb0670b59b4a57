"""Commits are looked through whatever lies beside them in a repository; what can't be read is no clean bill."""

import subprocess
import time
from datetime import date
from pathlib import Path

import pytest

from grader.collect.scanning import history
from grader.collect.scanning.history import _found
from grader.collect.scanning.scans import scan
from grader.criteria import BY_ID
from grader.evidence import Evidence, Scans, Submission
from grader.intake import courier
from grader.sandbox import Sandbox
from grader.submission import open_submission
from tests.grader.test_concealed import PUT_TOGETHER, WRITTEN

# put together here, so that this file itself holds nothing of a secret's shape
KEY = "sk-" + "proj-" + "Zk3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0Pa"


def git(work: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    done = subprocess.run(["git", *who, *arguments], cwd=work, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def committed(work: Path, message: str = "x", **files: bytes | str | None) -> None:
    for name, content in files.items():
        file = work / name.replace("__", ".")
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--allow-empty", "-m", message)


@pytest.fixture
def work(tmp_path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    committed(folder, ok__py="x = 1\n")
    return folder


@pytest.fixture
def leaked(work) -> Path:
    """A key was committed, and taken out again."""
    committed(work, main__py=f"key = '{KEY}'\n")
    committed(work, main__py="key = None\n")
    return work


def scanned(work: Path) -> Scans:
    with (
        open_submission(str(work), tier="process") as submission,
        Sandbox("process", work=submission.root) as sandbox,
    ):
        return scan(submission, sandbox)


def test_the_day_of_the_last_commit_is_known_and_none_where_nothing_says_it(work, monkeypatch):
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2024-07-01T12:00:00Z")
    committed(work, more__py="y = 2\n")
    with (
        open_submission(str(work), tier="process") as submission,
        Sandbox("process", work=submission.root) as sandbox,
    ):
        assert history.day_of_last_commit(submission.history, sandbox) == date(2024, 7, 1)
        assert history.day_of_last_commit(None, sandbox) is None


def beside(leaked: Path, name: str, text: str) -> None:
    file = leaked / ".git" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def _replaced(leaked: Path) -> None:
    before = git(leaked, "rev-parse", "HEAD~2")
    clean = git(leaked, "commit-tree", f"{before}^{{tree}}", "-p", before, "-m", "x")
    git(leaked, "replace", "HEAD~1", clean)


def _orphaned(leaked: Path) -> None:
    """A commit graph by which no commit has parents (gitformat-commit-graph(5)); git compares its checksum when it is asked to."""
    git(leaked, "commit-graph", "write", "--reachable")
    file = leaked / ".git" / "objects" / "info" / "commit-graph"
    content = bytearray(file.read_bytes())
    chunks = [
        (content[at : at + 4], int.from_bytes(content[at + 4 : at + 12]))
        for at in range(8, 8 + 12 * content[6], 12)
    ]
    begin = next(place for name, place in chunks if name == b"CDAT")
    for record in range(begin, begin + 36 * 3, 36):
        content[record + 20 : record + 28] = (0x70000000).to_bytes(4) * 2
    file.chmod(0o644)
    file.write_bytes(content)


HIDES = {
    "a commit graph that lies": _orphaned,
    "a mark that parents are left out": lambda leaked: beside(
        leaked, "shallow", git(leaked, "rev-parse", "HEAD") + "\n"
    ),
    "attributes": lambda leaked: beside(leaked, "info/attributes", "* binary\n"),
    "attributes in the repository's folder": lambda leaked: beside(leaked, ".gitattributes", "* -diff\n"),
    "committed attributes": lambda leaked: committed(leaked, __gitattributes="* binary -diff\n"),
    "a graft": lambda leaked: beside(leaked, "info/grafts", git(leaked, "rev-parse", "HEAD") + "\n"),
    "a replaced commit": _replaced,
    "a threshold": lambda leaked: git(leaked, "config", "core.bigFileThreshold", "1"),
    "a version that git does not know": lambda leaked: git(
        leaked, "config", "core.repositoryFormatVersion", "99"
    ),
    "another work tree": lambda leaked: git(leaked, "config", "core.worktree", "/nowhere"),
    "another mark of what is added": lambda leaked: git(leaked, "config", "diff.noprefix", "true"),
}


@pytest.mark.parametrize("name", HIDES)
def test_nothing_beside_the_commits_hides_what_they_hold(name, leaked):
    HIDES[name](leaked)
    assert scanned(leaked).secrets


@pytest.mark.parametrize(
    "content",
    [
        f"OPENAI_API_KEY={KEY}\r\n".encode("utf-16"),
        f"key = '{KEY}'\n\0".encode(),
        f"x = 1\x0ckey = '{KEY}'\n".encode(),
        f"++ key = '{KEY}'\n".encode(),
        f"\u2028key = '{KEY}'\r".encode(),
    ],
    ids=["UTF-16", "a null byte", "a form feed", "a line like a header", "a line separator"],
)
def test_a_key_is_found_in_whatever_git_takes_for_no_text(content, work):
    committed(work, settings__py=content)
    assert scanned(work).secrets
    committed(work, settings__py=None)
    assert scanned(work).secrets


@pytest.mark.parametrize("form", [*WRITTEN, *PUT_TOGETHER])
def test_a_key_in_another_writing_is_found_in_what_patches_show(form):
    written = f'"{WRITTEN[form].decode()}"' if form in WRITTEN else PUT_TOGETHER[form]
    added = "\n".join(f"+{line}" for line in f"x = 1\nkey = {written}\ny = 2".split("\n"))
    log = f"commit abcdef1\n    words\ndiff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1,3 @@\n{added}\n"
    assert {secret.where for secret in _found(log.encode())} == {"commit abcdef1, a.py"}


def test_a_key_that_was_committed_in_base64_is_found(work):
    committed(work, main__py=f'key = decoded("{WRITTEN["base64"].decode()}")\n')
    committed(work, main__py="key = None\n")
    assert {secret.kind for secret in scanned(work).secrets} == {"OpenAI key, encoded"}


def test_a_key_in_a_message_is_found(work):
    committed(work, message=f"Deployed\n\ndiff --git a b\nwith {KEY}")
    assert scanned(work).secrets


def test_a_key_that_only_a_merge_brought_is_found(work):
    git(work, "checkout", "--quiet", "-b", "side")
    committed(work, side__py="1\n")
    git(work, "checkout", "--quiet", "main")
    committed(work, main__py="1\n")
    git(work, "merge", "--quiet", "--no-commit", "--no-ff", "side")
    committed(work, key__py=f"key = '{KEY}'\n")
    git(work, "rm", "--quiet", "key.py")
    git(work, "commit", "--quiet", "--amend", "-m", "merged")
    assert not scanned(work).secrets
    git(work, "checkout", "--quiet", "-B", "main", "HEAD@{1}")
    assert scanned(work).secrets


def test_a_stashed_key_is_found(work):
    (work / "ok.py").write_text(f"key = '{KEY}'\n")
    git(work, "stash", "--quiet")
    assert scanned(work).secrets


def judged(scans: Scans) -> str:
    evidence = Evidence(
        submission=Submission(name="ada", digest="d"),
        isolation="process",
        bucket="b",
        canary_fingerprint="f",
        scans=scans,
    )
    return BY_ID["secrets.not_in_code"].judge(evidence).status


def test_commits_that_can_not_be_read_are_not_passed(leaked):
    parent = git(leaked, "rev-parse", "HEAD~1")
    (leaked / ".git" / "objects" / parent[:2] / parent[2:]).unlink()
    seen = scanned(leaked)
    assert seen.history_trouble
    assert judged(seen) in ("failed", "not_run")


@pytest.mark.parametrize("kind", ["empty", "shallow", "detached", "packed"])
def test_an_ordinary_repository_is_read_whole(kind, work, tmp_path):
    committed(work, "second", b__py="y = 2\n")
    if kind == "empty":
        folder = tmp_path / "new"
        folder.mkdir()
        git(folder, "init", "--quiet")
        (folder / "main.py").write_text("x = 1\n")
        work = folder
    elif kind == "shallow":
        git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{work}", "copy")
        work = tmp_path / "copy"
    elif kind == "detached":
        git(work, "checkout", "--quiet", "HEAD~1")
    else:
        git(work, "gc", "--quiet")
    seen = scanned(work)
    assert (seen.history, seen.history_trouble, seen.secrets) == (True, "", ())
    assert judged(seen) == "passed"


def test_a_repository_that_is_too_large_is_left_to_a_person_and_its_work_is_graded(leaked, monkeypatch):
    monkeypatch.setattr(courier, "MAX_HISTORY_BYTES", 100)
    seen = scanned(leaked)
    assert seen.files
    assert "git gc" in seen.history_trouble
    assert judged(seen) == "not_run"


def test_a_file_that_says_so_beside_the_commits_hides_nothing(leaked):
    (leaked / ".git" / "left-behind").write_text("")
    assert judged(scanned(leaked)) == "failed"


@pytest.mark.parametrize("branch", ["hooks", "left-behind"])
def test_a_branch_hides_nothing_by_its_name(work, branch):
    git(work, "checkout", "--quiet", "-b", branch)
    committed(work, main__py=f"key = '{KEY}'\n")
    git(work, "checkout", "--quiet", "main")
    assert judged(scanned(work)) == "failed"


def test_an_environment_that_was_committed_is_looked_through_quickly(work):
    (work / "env" / "site-packages").mkdir(parents=True)
    lines = "".join(
        f"    value_{number} = compute({number}, 'password_{number}')\n" for number in range(60_000)
    )
    (work / "env" / "site-packages" / "large.py").write_text(f"{lines}key = '{KEY}'\n")
    committed(work)
    (work / "env" / "site-packages" / "large.py").unlink()
    committed(work)
    began = time.process_time()
    assert {one.kind for one in scanned(work).secrets} == {"OpenAI key"}
    assert time.process_time() - began < 20

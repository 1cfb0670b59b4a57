"""Where a class lies: what platforms leave behind, lists of addresses, folders; which work is the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader.batch import discovery
from grader.errors import SubmissionError
from tests.grader.batches import class_of

HONEST = Path(__file__).parents[1] / "hostile" / "honest"
BIN = Path(sys.executable).parent


def names(place: Path) -> list[str]:
    return [one.name for one in discovery.find_submissions(str(place))]


def test_folders_and_archives_are_submissions_and_hidden_things_are_not(tmp_path):
    class_of(tmp_path, "ada", "grace", ".cache", "__MACOSX")
    (tmp_path / "linus.zip").touch()
    (tmp_path / "notes.md").touch()
    assert names(tmp_path) == ["ada", "grace", "linus"]


def test_canvas_s_download_is_read_and_the_latest_counts(tmp_path):
    for name in (
        "lovelaceada_101_2001_work.zip",
        "lovelaceada_LATE_101_2009_work-1.zip",
        "hoppergrace_102_2003_lab.tar.gz",
    ):
        (tmp_path / name).touch()
    found = discovery.find_submissions(str(tmp_path))
    assert [(one.name, Path(one.path).name, one.label.number) for one in found] == [
        ("hoppergrace_102", "hoppergrace_102_2003_lab.tar.gz", "102"),
        ("lovelaceada_101", "lovelaceada_LATE_101_2009_work-1.zip", "101"),
    ]


def test_moodle_s_download_is_read_in_folders_and_without(tmp_path):
    folder = tmp_path / "Ada Lovelace_4711_assignsubmission_file_"
    folder.mkdir()
    (folder / "work.zip").touch()
    (tmp_path / "Grace Hopper_4712_assignsubmission_file_lab.zip").touch()
    (tmp_path / "Grace Hopper_4712_assignsubmission_onlinetext_").mkdir()
    found = discovery.find_submissions(str(tmp_path))
    assert [(one.name, Path(one.path).suffix) for one in found] == [
        ("Ada Lovelace_4711", ".zip"),
        ("Grace Hopper_4712", ".zip"),
    ]


def test_github_classroom_s_folders_are_named_by_their_learners(tmp_path):
    class_of(tmp_path, "files-lab-ada", "files-lab-grace-h", "files-lab-linus")
    assert names(tmp_path) == ["ada", "grace-h", "linus"]


def test_a_list_of_git_urls_is_read(tmp_path):
    (tmp_path / "urls.txt").write_text(
        "# the class\nada https://example.org/ada/lab.git\n\ngit@example.org:grace/lab.git\n"
    )
    assert [(one.name, one.path) for one in discovery.find_submissions(str(tmp_path / "urls.txt"))] == [
        ("ada", "https://example.org/ada/lab.git"),
        ("git@example.org:grace-lab", "git@example.org:grace/lab.git"),
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda place: place / "nowhere", "nothing at"),
        (lambda place: place, "No submission is in"),
        (lambda place: class_of(place, "src").joinpath("src"), "looks like one submission"),
        (
            lambda place: (place / "a.txt").write_text("no url here") and place / "a.txt",
            "line 1: 'no url here'",
        ),
    ],
)
def test_a_place_without_a_class_is_reported(tmp_path, make, words):
    with pytest.raises(SubmissionError, match=words):
        discovery.find_submissions(str(make(tmp_path)))


def test_the_digest_follows_the_content_and_not_the_name(tmp_path):
    class_of(tmp_path, "one", "two")
    (tmp_path / "two" / "main.py").write_text("# one")
    one, two = discovery.find_submissions(str(tmp_path))
    assert discovery.digest_of(one, "process") == discovery.digest_of(two, "process")
    (tmp_path / "two" / "main.py").write_text("# other")
    assert discovery.digest_of(one, "process") != discovery.digest_of(two, "process")


def test_a_repository_elsewhere_is_another_submission_once_it_has_another_commit(tmp_path):
    def git(*arguments):
        who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path / "ada", check=True, capture_output=True)

    class_of(tmp_path, "ada")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    (tmp_path / "urls.txt").write_text(
        f"ada file://{tmp_path / 'ada'}\nnobody file://{tmp_path / 'nowhere'}\n"
    )
    ada, nobody = discovery.find_submissions(str(tmp_path / "urls.txt"))
    first = discovery.digest_of(ada, "process")
    assert discovery.digest_of(ada, "process") == first
    git("commit", "-qm", "second", "--allow-empty")
    assert discovery.digest_of(ada, "process") != first
    with pytest.raises(SubmissionError, match="no repository at"):
        discovery.digest_of(nobody, "process")

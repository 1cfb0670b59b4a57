"""--watch: what a saved file can have changed, and what is different since."""

import pytest

from grader import rubric, watch
from grader.errors import SubmissionError
from grader.evidence import Evidence, Scans, Submission
from grader.judge import judge


@pytest.mark.parametrize(
    ("changed", "families"),
    [
        (["tests/test_files.py"], ("secrets.", "tests.")),
        (["conftest.py"], ("secrets.", "tests.")),
        (["notebooks/02.ipynb"], ("notebooks.", "secrets.")),
        ([".gitignore", "README.md"], ("secrets.", "tests.runs_in_ci")),
        ([".github/workflows/ci.yml"], ("secrets.", "tests.runs_in_ci")),
        (["src/app.py"], ()),
        (["src/app.py", "tests/test_app.py"], ()),
        (["pyproject.toml"], ()),
    ],
)
def test_a_file_concerns_what_it_can_have_changed(changed, families):
    assert watch.find_concerned(changed) == families


def test_saved_new_and_deleted_files_are_seen_and_by_products_are_not(tmp_path):
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "b.py").write_text("1")
    steps = iter(
        [
            lambda: None,
            lambda: (
                (tmp_path / "a.py").write_text("22"),
                (tmp_path / "b.py").unlink(),
                (tmp_path / "c.py").touch(),
            ),
            lambda: None,
            lambda: ((tmp_path / ".git").mkdir(), (tmp_path / ".git" / "index").touch()),
        ]
    )
    seen = watch.changes(tmp_path, wait=lambda seconds: next(steps, lambda: None)())
    assert [next(seen) for _ in range(4)] == [[], [], ["a.py", "b.py", "c.py"], []]


def report(ci: tuple[str, ...] = (), only: tuple[str, ...] = ()):
    facts = Submission(name="ada", digest="sha256:1")
    evidence = Evidence(
        submission=facts,
        isolation="process",
        bucket="b",
        canary_fingerprint="f",
        scans=Scans(ci=ci),
        only=only,
    )
    return judge(evidence, rubric.read())


def test_only_what_a_change_concerns_is_graded_again_and_the_rest_stays():
    asked = []

    def grade(families):
        asked.append(families)
        return report(ci=("ci.yml",), only=tuple(families))

    last = report()
    now = watch.again(last, ["README.md"], grade)
    assert asked == [("secrets.", "tests.runs_in_ci")]
    [(before, after)] = watch.difference(last, now)
    assert (before.id, before.status, after.status) == ("tests.runs_in_ci", "failed", "passed")
    assert now.score == last.score + 1
    assert {result.id for result in now.criteria} == {result.id for result in last.criteria}


def test_watching_needs_a_folder(tmp_path):
    from typer.testing import CliRunner

    from grader.cli import app

    archive = tmp_path / "work.zip"
    archive.touch()
    result = CliRunner().invoke(app, ["check", str(archive), "--watch"])
    assert isinstance(result.exception, SubmissionError)
    assert "--watch needs a folder" in str(result.exception)

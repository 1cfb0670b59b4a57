"""A package that the grader did not install is its own trouble; a suite that only says so is not believed."""

from grader.collect.start.packages_there import absent
from grader.sandbox import Sandbox
from grader.submission import open_submission


def test_a_module_that_is_installed_is_not_lacking_whatever_the_submission_prints(tmp_path):
    (tmp_path / "fastapi.py").write_text("raise ModuleNotFoundError(\"No module named 'fastapi'\")\n")
    (tmp_path / "no_such_thing.py").write_text("")
    with (
        open_submission(str(tmp_path), tier="process") as submission,
        Sandbox("process", work=submission.root) as sandbox,
    ):
        assert absent(sandbox, ("fastapi", "no_such_thing")) == ("no_such_thing",)


def test_nothing_is_asked_where_nothing_was_reported_missing():
    assert absent(None, ()) == ()  # type: ignore[arg-type]  # no sandbox is needed for that

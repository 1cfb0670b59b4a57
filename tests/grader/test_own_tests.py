"""The answer key with the tests that the lab brings, and with the learner's: only the second earn points for tests."""

import shutil
from functools import partial

import pytest

from grader.collect.code.author_run import AuthorRun
from grader.collect.code.imports import worth_loading
from grader.collect.suites import suite
from grader.criteria import BY_ID
from grader.evidence import Input, Offer
from grader.sandbox import choose_tier
from grader.submission import open_submission
from tests.grader.grading import ANSWER_KEY, from_nursery
from tests.grader.seen import evidence
from tests.sampling import ALL

TYPE = Input(name="file_type", location="json")
OFFERS = tuple(
    Offer(
        kind=kind,
        method="POST",
        path="/v1/files/generated",
        prompt_input=Input(name="prompt", location="json"),
        type_input=TYPE,
        values={"json:file_type": kind},
        exchange="ex-1",
    )
    for kind in ("text", "image", "audio")
)[: 3 if ALL else 1]  # what holds for one kind holds for the others


@pytest.mark.parametrize("own", [False, True], ids=["as the lab brings them", "with the learner's"])
def test_the_tests_that_the_lab_brings_earn_nothing_for_an_endpoint_that_they_do_not_ask(own, tmp_path):
    work = tmp_path / "work"
    leave_out = ["notebooks", ".ipynb_checkpoints", "__pycache__", "test_openai_module.py"]
    leave_out += [] if own else ["test_generated_files.py"]
    shutil.copytree(ANSWER_KEY, work, ignore=shutil.ignore_patterns(*leave_out))
    tier = choose_tier("auto")
    with (
        open_submission(str(work), tier=tier) as submission,
        from_nursery(tier, submission.python, submission.root) as sandbox,
    ):
        sandbox.preload(worth_loading(submission.root))
        folders = (submission.root / "src",)
        opens = partial(from_nursery, tier, submission.python, submission.root)
        run = suite.run(submission, sandbox, folders, OFFERS, "files_api.main:create_app", opens=opens)
    assert run.exit_code == 0, run.output
    seen = evidence(test_run=run, offers=OFFERS)
    verdicts = {name: BY_ID[f"tests.{name}"].judge(seen).status for name in ("happy_path", "error_cases")}
    expected = "passed" if own else "failed"
    assert verdicts == {"happy_path": expected, "error_cases": expected}, run.faults


@pytest.mark.parametrize(
    ("file", "text", "arguments", "kept"),
    [
        ("test_a.py", "def test_a(): ...", (), set()),
        ("test_a.py", "from hypothesis import given", (), {"hypothesispytest"}),
        ("setup.cfg", "[tool:pytest]\naddopts = --hypothesis-seed=0", (), {"hypothesispytest"}),
        ("test_a.py", "def test_a(faker): ...", (), {"faker"}),
        (
            "test_a.py",
            "def test_a(): ...",
            ("--nbval", "--hypothesis-show-statistics"),
            {"nbval", "hypothesispytest"},
        ),
    ],
)
def test_plugins_that_nothing_names_are_left_out_and_no_others(tmp_path, file, text, arguments, kept):
    (tmp_path / file).write_text(text)
    left_out = suite._without_plugins(tmp_path, AuthorRun(arguments=arguments))
    assert left_out[::2] == ["-p"] * (len(left_out) // 2)
    assert {each.removeprefix("no:") for each in left_out[1::2]} == {
        "nbval",
        "faker",
        "hypothesispytest",
    } - kept

"""One fault planted in a right design: exactly its criterion fails."""

import time

import pytest

from grader.collect.suites import suite
from grader.criteria import BY_ID
from grader.sandbox import Sandbox
from grader.submission import open_submission
from tests.grader.corpus import FAULTS
from tests.grader.grading import Change, graded, planted, with_status
from tests.grader.seen import evidence
from tests.grader.suites import suite_run, verdicts
from tests.sampling import ALL, representative

API = "service/api.py"
STORE = (
    '            store.put_object(Bucket=bucket, Key=f"sayings/{object_name}", Body=sound, ContentType=kind)'
)

# so that a run of the tests stays short; `python -m benchmarks.accuracy` grades them all, and by everything
SAMPLE = representative(FAULTS, 12)


@pytest.mark.parametrize("case", SAMPLE, ids=[case.name for case in SAMPLE])
def test_exactly_the_planted_fault_is_found(case, tmp_path):
    asked = () if ALL else ("endpoint", case.criterion.partition(".")[0])
    report, _ = graded(planted(case.base, tmp_path, *case.changes), *asked)
    not_asked = {"endpoint.serves_file"} - {case.criterion}
    assert with_status(report, "failed") - case.beside - not_asked == {case.criterion}
    assert with_status(report, "error") == set()


def test_an_app_that_stores_nothing_fails_that_alone(tmp_path):
    path = planted("other_words", tmp_path, Change(API, STORE, "            pass"))
    report, _ = graded(path, "endpoint", "tests.pass")
    assert with_status(report, "failed") == {"endpoint.saves_to_s3", "tests.pass"}


def test_a_path_that_is_not_checked_is_found(tmp_path):
    report, seen = graded(
        planted(
            "other_words",
            tmp_path,
            Change(
                API,
                '        "/sayings/{object_name}",\n        tags',
                '        "/sayings/{object_name:path}",\n        tags',
            ),
            Change(API, 'NAME = r"^[a-z0-9-]+', 'NAME = r"^.+'),
        ),
        "endpoint",
        "validation",
    )
    assert with_status(report, "failed") == {"validation.unsafe_path"}
    assert any(".." in stored.key for stored in seen.objects)


@pytest.mark.parametrize(
    ("criterion", "kind", "change"),
    [
        (
            "endpoint.mime_type",
            "Image",
            Change("main.py", '"png": "image/png"', '"png": "application/octet-stream"'),
        ),
        (
            "validation.missing_prompt",
            "Text",
            Change("main.py", "Query(max_length=TEXT_LIMIT,", 'Query("rain", max_length=TEXT_LIMIT,'),
        ),
    ],
)
def test_one_kind_at_fault_is_named(tmp_path, criterion, kind, change):
    report, _ = graded(planted("three_endpoints", tmp_path, change), "endpoint", "validation")
    [found] = [result for result in report.criteria if result.status == "failed"]
    assert (found.id, found.summary.split(":")[0]) == (criterion, kind)


def test_a_suite_that_asks_for_openai_itself_is_reported(tmp_path):
    spending = "import openai, pytest\n\ndef test_the_network():\n    with pytest.raises(Exception):\n        openai.OpenAI(max_retries=0).models.list()\n"
    run, _ = suite_run(tmp_path, {"test_it.py": spending})
    assert run.outside == ("api.openai.com",)
    found = evidence(test_run=run)
    assert BY_ID["tests.no_spend"].judge(found).status == "failed"
    assert BY_ID["tests.pass"].judge(found).status == "passed"


@pytest.mark.parametrize(
    "tests",
    ["", "import pytest\npytestmark = pytest.mark.skip\ndef test_a(): pass\n", "def test_a(): pass\n"],
    ids=["nothing collected", "everything skipped", "nothing asserted"],
)
def test_a_suite_that_proves_nothing_does_not_pass(tmp_path, tests):
    run, _ = suite_run(tmp_path, {"test_it.py": tests})
    assert "passed" not in verdicts(run).values()


def test_who_proves_nothing_is_not_complete(tmp_path):
    path = planted("flask_app", tmp_path)
    (path / "test_shelf.py").write_text("def test_a(): pass\n")
    report, _ = graded(path, "endpoint", "tests")
    results = {result.id: result.status for result in report.criteria}
    assert "passed" not in (results["tests.happy_path"], results["tests.error_cases"])
    assert not report.complete


def test_a_retired_model_is_advice_not_a_failure(tmp_path):
    report, _ = graded(
        planted("three_endpoints", tmp_path, Change("main.py", 'gpt-4o-mini"', 'gpt-3.5-turbo"')), "endpoint"
    )
    [text] = [result for result in report.criteria if result.id == "endpoint.generates_text"]
    assert text.status == "passed"
    assert "gpt-3.5-turbo was retired on 2026-10-23" in text.advice[0]


def test_a_bucket_that_is_written_into_the_code_is_worked_around_and_reported(tmp_path):
    change = Change("main.py", 'bucket = os.environ["S3_BUCKET_NAME"]', 'bucket = "a-bucket-of-mine"')
    report, _ = graded(planted("three_endpoints", tmp_path, change), "endpoint")
    by_id = {result.id: result for result in report.criteria}
    assert by_id["endpoint.saves_to_s3"].status == "passed"
    assert "a-bucket-of-mine" in by_id["endpoint.saves_to_s3"].advice[0]


def test_a_suite_that_never_ends_is_stopped_at_the_limit_and_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "SUITE_SECONDS", 2.0)
    (tmp_path / "test_it.py").write_text("while True:\n    pass\n")
    began = time.monotonic()
    with (
        open_submission(str(tmp_path), tier="process") as submission,
        Sandbox("process", work=submission.root) as sandbox,
    ):
        ran = suite.run(submission, sandbox, ())
    assert ran.failure == "The tests did not end within 2 seconds."
    assert time.monotonic() - began < 20

"""One fault planted in a right design: exactly its criterion fails."""

import pytest

from tests.grader.grading import Change, graded, planted, with_status

API, TESTS = "service/api.py", "service/tests/test_say.py"
STORE = (
    '            store.put_object(Bucket=bucket, Key=f"sayings/{object_name}", Body=sound, ContentType=kind)'
)

# put together here, so that this file itself holds nothing of a key's shape
KEY = "sk-" + "proj-" + "Zk3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0Pa"

FAULTS = {
    "endpoint.mime_type": Change(API, ", ContentType=kind)", ")"),
    "endpoint.uses_prompt": Change(API, "input=word,", 'input="hello",'),
    "endpoint.saves_to_s3": Change(API, "Body=sound,", "Body=sound[:-1],"),
    "secrets.from_environment": Change(
        API, "OpenAI(timeout", 'OpenAI(api_key="sk-written-in-the-code", timeout'
    ),
    "secrets.not_leaked": Change(
        API, "        kind = {", '        print("using", os.environ["OPENAI_API_KEY"])\n        kind = {'
    ),
    "validation.blank_prompt": Change(API, 're.fullmatch(r"\\s*", word)', "False"),
    "validation.oversized_prompt": Change(API, "Form(max_length=400, ", "Form("),
    "validation.wrong_file_type": Change(API, r"\.(mp3|aac)$", r"\.(mp3|aac|xyz)$"),
    "errors.server_error": Change(API, "{429: 429, ", "{429: 429, 500: 200, "),
    "errors.malformed": Change(API, 'if not sound.startswith((b"ID3", b"\\xff")):', "if not sound:"),
    "errors.empty_result": Change(
        API,
        'if not sound.startswith((b"ID3", b"\\xff")):',
        'if not sound.startswith((b"ID3", b"\\xff")) and sound:',
    ),
    "errors.storage_down": Change(API, "except (ClientError, BotoCoreError):", "except KeyError:"),
    "errors.no_internals": Change(API, '"The voice said no."', "str(error)"),
    "secrets.not_in_code": Change(API, "NAME = ", f'OLD_KEY = "{KEY}"\nNAME = '),
    "secrets.ignored_by_git": Change(".gitignore", ".env\n", ""),
    "openapi.described": Change(API, '"""Say a word."""', ""),
    "openapi.inputs": Change(API, 'description="What to say.", ', ""),
    "openapi.responses": Change(API, "504: PROBLEM", "418: PROBLEM"),
    "tests.pass": Change(TESTS, '200, {"stored"', '201, {"stored"'),
    "tests.happy_path": Change(TESTS, ', ["hi"])', ", heard)"),
    "tests.error_cases": Change(TESTS, '" "}).status_code == 422', '" "}).content'),
    "tests.runs_in_ci": Change("pyproject.toml", 'markers = ["costs_money: asks OpenAI itself"]', ""),
}
# what a fault needs elsewhere, so that it is the only one
BESIDE = {
    "validation.oversized_prompt": [Change(API, "input=word,", "input=word[:4000],")],
    "validation.wrong_file_type": [
        Change(API, "response_format=form\n", 'response_format="mp3" if form == "xyz" else form\n'),
        Change(API, '"aac": "audio/aac"}', '"aac": "audio/aac", "xyz": "audio/mpeg"}'),
    ],
}


@pytest.mark.parametrize("criterion", FAULTS)
def test_exactly_the_planted_fault_is_found(criterion, tmp_path):
    report, _ = graded(planted("other_words", tmp_path, FAULTS[criterion], *BESIDE.get(criterion, [])))
    # a suite that catches the fault fails, and rightly so
    beside = {"tests.pass"} if not criterion.startswith("tests.") else set()
    assert with_status(report, "failed") - beside == {criterion}
    assert with_status(report, "error") == set()
    assert not report.complete


def test_an_app_that_stores_nothing_fails_that_alone(tmp_path):
    report, _ = graded(planted("other_words", tmp_path, Change(API, STORE, "            pass")))
    assert with_status(report, "failed") == {"endpoint.saves_to_s3", "tests.pass"}


def test_a_path_that_is_not_checked_is_found(tmp_path):
    report, evidence = graded(
        planted(
            "other_words",
            tmp_path,
            Change(
                API,
                '        "/sayings/{object_name}",\n        tags',
                '        "/sayings/{object_name:path}",\n        tags',
            ),
            Change(API, 'NAME = r"^[a-z0-9-]+', 'NAME = r"^.+'),
        )
    )
    assert with_status(report, "failed") == {"validation.unsafe_path"}
    assert any(".." in stored.key for stored in evidence.objects)


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
    report, _ = graded(planted("three_endpoints", tmp_path, change))
    [found] = [
        result for result in report.criteria if result.status == "failed" and result.id != "tests.pass"
    ]
    assert (found.id, found.summary.split(":")[0]) == (criterion, kind)


def test_a_suite_that_asks_for_openai_itself_is_told_so(tmp_path):
    spending = "\n\ndef test_the_network():\n    with pytest.raises(Exception):\n        openai.OpenAI(max_retries=0).models.list()\n"
    path = planted("one_json_body", tmp_path)
    with (path / "tests" / "test_make.py").open("a") as file:
        file.write(f"\n\nimport openai{spending}")
    report, evidence = graded(path)
    assert with_status(report, "failed") == {"tests.no_spend"}
    assert evidence.test_run.outside == ("api.openai.com",)


@pytest.mark.parametrize(
    "tests",
    ["", "import pytest\npytestmark = pytest.mark.skip\ndef test_a(): pass\n", "def test_a(): pass\n"],
    ids=["nothing collected", "everything skipped", "nothing asserted"],
)
def test_a_suite_that_proves_nothing_does_not_pass(tmp_path, tests):
    path = planted("flask_app", tmp_path)
    (path / "test_shelf.py").write_text(tests)
    report, _ = graded(path)
    proved = {
        result.id for result in report.criteria if result.section == "tests" and result.status == "passed"
    }
    assert not proved & {"tests.happy_path", "tests.error_cases"}
    assert not report.complete


def test_a_retired_model_is_advice_not_a_failure(tmp_path):
    report, _ = graded(
        planted("three_endpoints", tmp_path, Change("main.py", 'gpt-4o-mini"', 'gpt-3.5-turbo"'))
    )
    [text] = [result for result in report.criteria if result.id == "endpoint.generates_text"]
    assert text.status == "passed"
    assert "gpt-3.5-turbo was retired on 2026-10-23" in text.advice[0]


def test_a_bucket_that_is_written_into_the_code_is_worked_around_and_told(tmp_path):
    change = Change("main.py", 'bucket = os.environ["S3_BUCKET_NAME"]', 'bucket = "a-bucket-of-mine"')
    report, _ = graded(planted("three_endpoints", tmp_path, change))
    by_id = {result.id: result for result in report.criteria}
    assert by_id["endpoint.saves_to_s3"].status == "passed"
    assert "a-bucket-of-mine" in by_id["endpoint.saves_to_s3"].advice[0]

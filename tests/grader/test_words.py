"""What a failing verdict says: where to look, and what to write."""

import tomllib

from grader.criteria import BY_ID
from grader.evidence import AppStart, Evidence, Exchange, NotebookRun, RedTest, Submission, TestRun


def verdict(criterion, **facts):
    submission = Submission(name="ada", digest="d")
    evidence = Evidence(
        submission=submission, isolation="process", bucket="b", canary_fingerprint="f", **facts
    )
    return BY_ID[criterion].judge(evidence)


def test_a_failing_suite_is_reported_with_the_test_that_fails():
    red = (RedTest(name="tests/test_a.py::test_b", why="assert 1 == 2"),)
    run = TestRun(found=True, exit_code=1, failed=1, passed=2, red=red)
    summary = verdict("tests.pass", test_run=run).summary
    assert "tests/test_a.py::test_b: assert 1 == 2. The 2 others pass." in summary


def test_an_endpoint_that_was_not_found_is_reported_with_what_was_tried_and_the_lines_that_would_help():
    app = AppStart(started=True, openapi_url="/openapi.json", operations=2)
    looked = tuple(
        Exchange(
            id=f"ex-{n}", purpose="look for what generates", method="POST", url="/say?loud=1", status=status
        )
        for n, status in enumerate((422, 422, 500))
    )
    found = verdict("endpoint.starts", app=app, exchanges=looked)
    assert "None of 3 requests to 1 operation reached OpenAI (answers: 422 (2), 500 (1))" in found.summary
    assert found.evidence == ("ex-0", "ex-1", "ex-2")
    lines = tomllib.loads(found.advice[0].partition("\n")[2])
    [endpoint] = lines["tool"]["lab"]["endpoint"]
    assert (endpoint["method"], endpoint["path"]) == ("POST", "/say")


def test_a_suite_that_could_not_begin_says_where_and_why():
    output = "Error while loading plugin \"tests.fixtures\".\ntests/fixtures.py:8: in <module>\n    from moto import mock_aws\nE   ModuleNotFoundError: No module named 'moto'\n"
    run = TestRun(found=True, exit_code=3, output=output)
    found = verdict("tests.pass", test_run=run)
    assert found.status == "failed"
    assert "tests/fixtures.py, line 8: ModuleNotFoundError: No module named 'moto'." in found.summary
    assert verdict("tests.pass", test_run=run, uninstalled=("moto",)).status == "error"
    assert verdict("tests.pass", test_run=run, uninstalled=("mot",)).status == "failed"


def test_a_notebook_is_not_at_fault_for_a_package_that_was_declared_and_not_installed():
    lacks = NotebookRun(
        path="a.ipynb", failure="code cell 1 raised ModuleNotFoundError: No module named 'rich'"
    )
    wrong = NotebookRun(path="b.ipynb", failure="code cell 2 raised KeyError: 'x'")
    assert verdict("notebooks.run", notebooks=(lacks,), uninstalled=("rich",)).status == "error"
    assert verdict("notebooks.run", notebooks=(lacks, wrong), uninstalled=("rich",)).status == "failed"
    assert verdict("notebooks.run", notebooks=(lacks,)).status == "failed"

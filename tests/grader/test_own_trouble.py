"""A test run that the grader's own part ends before pytest begins is the grader's trouble, never a failed suite."""

import pytest

from grader import rubric
from grader.evidence import TestRun
from grader.judge import judge
from tests.grader.seen import evidence

BEGIN = "Traceback (most recent call last):\n"
OURS = '  File "/lib/grader/inside/planting.py", line 39, in _Plugin\n    made: pytest.TestReport\n'
THEIRS = '  File "./tests/conftest.py", line 2, in <module>\n    import missing\n'


@pytest.mark.parametrize(
    ("output", "facts", "status"),
    [
        (BEGIN + OURS + "AttributeError: no attribute\n", {}, "error"),
        (BEGIN + OURS + THEIRS + "ModuleNotFoundError: missing\n", {}, "failed"),
        (BEGIN + OURS + "AssertionError\n", {"failed": 1}, "failed"),
        ("no traceback at all\n", {}, "failed"),
    ],
)
def test_only_a_traceback_that_ends_in_the_grader_s_part_is_its_own(output, facts, status):
    run = TestRun(found=True, command="pytest", exit_code=1, output=output, **facts)
    verdict = judge(evidence(test_run=run), rubric.only(rubric.read(), ["tests.pass"])).criteria[0]
    assert verdict.status == status

"""Right designs, unlike each other and unlike the answer key: found and graded, and accused of nothing."""

import pytest

from grader import rubric
from grader.collect import collect
from grader.judge import judge
from grader.sandbox import choose_tier
from grader.submission import open_submission
from tests.grader.corpus import DESIGNS
from tests.grader.grading import ANSWER_KEY, SUBMISSIONS, graded, with_status
from tests.sampling import representative, thorough

# points alone: a design that does not serve its files is complete all the same
NOT_ASKED = {"endpoint.serves_file"}


@pytest.mark.parametrize("design", representative([name for name in DESIGNS if name != ANSWER_KEY.name], 5))
def test_a_right_design_is_complete(design):
    report, evidence = graded(SUBMISSIONS / design)
    assert with_status(report, "failed") | with_status(report, "error") <= NOT_ASKED
    assert {offer.kind for offer in evidence.offers} == DESIGNS[design]
    assert report.complete


@thorough
@pytest.mark.parametrize("name", ["bare_starlette", "other_words"])
def test_cold_and_warm_starts_come_to_the_same_verdicts(name):
    """Forking a loaded process is quicker; a fresh interpreter for everything is what it is measured against."""
    tier, only = choose_tier("auto"), ("endpoint", "secrets", "validation", "openapi", "tests")
    verdicts = []
    for cold in (False, True):
        with open_submission(str(SUBMISSIONS / name), tier=tier) as submission:
            evidence = collect(submission, tier=tier, cold=cold, only=only)
        report = judge(evidence, rubric.only(rubric.read(), only))
        verdicts.append({result.id: result.status for result in report.criteria})
    assert verdicts[0] == verdicts[1]

"""Right designs, unlike each other and unlike the answer key: found and graded, and accused of nothing."""

import pytest

from tests.grader.corpus import DESIGNS
from tests.grader.grading import ANSWER_KEY, SUBMISSIONS, graded, with_status

# points alone: a design that does not serve its files is complete all the same
NOT_ASKED = {"endpoint.serves_file"}


@pytest.mark.parametrize("design", [name for name in DESIGNS if name != ANSWER_KEY.name])
def test_a_right_design_is_complete(design):
    report, evidence = graded(SUBMISSIONS / design)
    assert with_status(report, "failed") | with_status(report, "error") <= NOT_ASKED
    assert {offer.kind for offer in evidence.offers} == DESIGNS[design]
    assert report.complete

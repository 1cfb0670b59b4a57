"""Right designs, unlike each other and unlike the answer key: found and graded with no manifest, and accused of nothing."""

import pytest

from tests.grader.grading import SUBMISSIONS, graded, with_status


@pytest.mark.parametrize(
    ("design", "kinds"),
    [
        ("one_json_body", {"text", "image", "audio"}),
        ("three_endpoints", {"text", "image", "audio"}),
        ("flask_app", {"text", "image", "audio"}),
        ("other_words", {"audio"}),
    ],
)
def test_a_right_design_is_complete(design, kinds):
    report, evidence = graded(SUBMISSIONS / design)
    assert with_status(report, "failed") | with_status(report, "error") == set()
    assert {offer.kind for offer in evidence.offers} == kinds
    assert report.complete

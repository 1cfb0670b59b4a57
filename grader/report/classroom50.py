"""The report as Classroom 50's `result.json`: https://github.com/foundation50/classroom50/wiki/Advanced-Autograding.

Its scores are whole numbers that do not exceed what can be reached. Points in fractions are multiplied, all by the same
number; extra credit counts up to the maximum.
"""

from collections.abc import Mapping

from grader.errors import GraderError
from grader.escaping import for_json, visible
from grader.judge import Report
from grader.report.words import select_shown

SCHEMA = "classroom50/result/v1"
_FACTORS = (1, 2, 4, 5, 10, 20, 25, 50, 100)


def render(report: Report, identity: Mapping[str, str]) -> str:
    """The result.

    Args:
        identity: what Classroom 50 passes on about this run: "classroom", "assignment", "assignment_type", "owner", "submission",
            "commit", "release", "review", "datetime".

    Raises:
        GraderError: the grader itself failed somewhere, so there is no result; never a 0.
    """
    if report.has_error:
        raise GraderError(
            "The grader itself failed, which says nothing about this work, so there is no result. Run it again."
        )
    factor = _factor(report)

    def whole(points: float) -> int:
        return max(0, round(points * factor))

    most = whole(report.max_score)
    tests = [
        {
            "test-name": visible(result.title) or result.id,
            "passed": result.status == "passed",
            "score": min(whole(result.points), whole(result.max_points)),
            "max-score": whole(result.max_points),
            "id": result.id,
            "status": result.status,
            "summary": visible(result.summary),
        }
        for result in select_shown(report.criteria)
    ]
    return for_json(
        {
            "schema": SCHEMA,
            **identity,
            "score": min(whole(report.score), most),
            "max-score": most,
            "tests": tests,
            "points-per-score": 1 / factor,
            "isolation": visible(report.isolation),
        }
    )


def _factor(report: Report) -> int:
    points = [each for result in report.criteria for each in (result.points, result.max_points)]
    for factor in _FACTORS:
        if all(abs(each * factor - round(each * factor)) < 1e-9 for each in points):
            return factor
    return _FACTORS[-1]

"""The report as Gradescope's `results.json`: https://gradescope-autograders.readthedocs.io/en/latest/specs/ (Output Format)."""

from typing import Any

from grader.escaping import for_json, visible
from grader.judge import Report, Result
from grader.report.words import closing, remarks, select_shown

_TEXT = {"output_format": "text", "test_output_format": "text", "test_name_format": "text"}


def render(report: Report) -> str:
    """One test a criterion; what could not be asked is shown and fails nobody. A fault of the grader's own is no score.

    Gradescope takes the sum of the tests' scores where the whole has none. So with a fault of the grader's own no test
    has a score either: what could be judged is shown, and Gradescope has nothing to add up.
    """
    whole: dict[str, Any] = {
        "output": _summary(report),
        **_TEXT,
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(result, scored=not report.has_error) for result in select_shown(report.criteria)],
        "extra_data": {
            "digest": visible(report.submission.digest),
            "grader": visible(report.grader),
            "rubric": visible(report.rubric),
            "isolation": visible(report.isolation),
        },
    }
    if not report.has_error:
        whole |= {"score": report.score, "execution_time": round(report.seconds)}
    return for_json(whole)


def render_failure(output: str) -> str:
    """The results of a grading that did not take place: words, and no score anywhere."""
    return for_json(
        {"output": visible(output), **_TEXT, "visibility": "visible", "stdout_visibility": "hidden"}
    )


def _summary(report: Report) -> str:
    isolation = f"Isolation: {visible(report.isolation)}."
    if report.has_error:
        return (
            "The grader itself failed, which says nothing about your work, so there is no score. Your instructor can "
            f"run it again. {isolation}"
        )
    done = "Complete." if report.complete else "Not complete yet."
    step = f" Next step: {visible(report.next_step)}" if report.next_step else ""
    whole = f"{report.score:g} of {report.max_score:g} points. {done}{step} {isolation}"
    return "\n\n".join([whole, *map(visible, closing(report))])


def _test(result: Result, *, scored: bool) -> dict[str, Any]:
    place = [f"In your code: {visible(result.where)}"] if result.where else []
    lines = [visible(result.summary), *place, *(f"Advice: {visible(each)}" for each in result.advice)]
    lines += map(visible, remarks(result))
    if result.status == "failed":
        lines.append(visible(result.hint))
    test: dict[str, Any] = {
        "name": visible(result.title),
        "number": visible(result.id),
        "output": "\n\n".join(lines),
        "tags": [visible(result.section)],
        "visibility": "visible",
    }
    if scored and result.max_points:
        test |= {"score": result.points, "max_score": 0 if result.extra else result.max_points}
    if result.status in ("passed", "failed"):
        test["status"] = result.status
    return test

"""The report as Gradescope's `results.json`: https://gradescope-autograders.readthedocs.io/en/latest/specs/ (Output Format)."""

import json
from typing import Any

from grader.judge import Report, Result
from grader.report.words import printable, shown


def render(report: Report) -> str:
    """One test a criterion; what could not be asked is shown and fails nobody. A fault of the grader's own is no score.

    Gradescope shows a submission without "score" as one whose grading failed, which is what it is then.
    """
    whole: dict[str, Any] = {
        "output": _summary(report),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(result) for result in shown(report.criteria)],
        "extra_data": {"digest": report.submission.digest, "grader": report.grader, "rubric": report.rubric},
    }
    if not report.has_error:
        whole |= {"score": report.score, "execution_time": round(report.seconds)}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _summary(report: Report) -> str:
    if report.has_error:
        return "The grader itself failed, which says nothing of your work. Your instructor can run it again."
    done = "Complete." if report.complete else "Not complete yet."
    return f"{report.score:g} of {report.max_score:g} points. {done}"


def _test(result: Result) -> dict[str, Any]:
    lines = [printable(result.summary), *(f"Advice: {printable(each)}" for each in result.advice)]
    if result.status == "failed":
        lines.append(result.hint)
    test: dict[str, Any] = {
        "name": result.title,
        "number": result.id,
        "output": "\n\n".join(lines),
        "tags": [result.section],
        "visibility": "visible",
    }
    if result.max_points:
        test |= {"score": result.points, "max_score": 0 if result.extra else result.max_points}
    if result.status in ("passed", "failed"):
        test["status"] = result.status
    return test

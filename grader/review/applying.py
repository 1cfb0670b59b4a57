"""A person's decisions, applied to what the grader judged: a pure function, the same for every form of the report."""

from grader.judge import Answered, Overridden, Report, Result
from grader.review.decisions import ForLearner, Override
from grader.rubric import Rubric


def apply_decisions(report: Report, decisions: ForLearner, rubric: Rubric) -> Report:
    """The report with the decisions in it; applied twice, it is the same.

    An override of work that was handed in earlier does not hold: `Report.outdated` names its criterion.
    """
    base = undo_decisions(report)
    digest = base.submission.digest
    results = [
        _with_comments(_overridden(result, decisions.override(result.id, digest)), decisions)
        for result in base.criteria
    ]
    results = _required(results, rubric)
    known = {result.id for result in results}
    answers = []
    for request in decisions.requests:
        answer = decisions.answer(request.id)
        answers.append(
            Answered(criterion=request.criterion, asked=request.text, answer=answer.text if answer else "")
        )
    return base.model_copy(
        update={
            **_sums(results),
            "comments": tuple(each.text for each in decisions.comments if each.criterion not in known),
            "answers": tuple(answers),
            "how_to_ask": decisions.how_to_ask,
            "outdated": tuple(each for each in decisions.outdated(digest) if each in known),
        }
    )


def undo_decisions(report: Report) -> Report:
    """The report as the grader judged it, without a person's decisions."""
    results = []
    for result in report.criteria:
        changes: dict[str, object] = {"comments": (), "overridden": None}
        if result.overridden:
            changes |= {"status": result.overridden.status, "points": result.overridden.points}
        results.append(result.model_copy(update=changes))
    return report.model_copy(
        update={**_sums(results), "comments": (), "answers": (), "how_to_ask": "", "outdated": ()}
    )


def _overridden(result: Result, override: Override | None) -> Result:
    if override is None:
        return result
    status = override.status or result.status
    if override.points is not None:
        points = min(override.points, result.max_points)
    else:
        points = result.max_points if status == "passed" else 0.0
    before = Overridden(status=result.status, points=result.points, reason=override.reason)
    return result.model_copy(update={"status": status, "points": points, "overridden": before})


def _with_comments(result: Result, decisions: ForLearner) -> Result:
    comments = tuple(each.text for each in decisions.comments if each.criterion == result.id)
    return result.model_copy(update={"comments": comments}) if comments else result


def _required(results: list[Result], rubric: Rubric) -> list[Result]:
    """Where one of several is enough, the others are asked for only while none has passed."""
    one_of = {id for id, worth in rubric.worth.items() if worth.required == "one"}
    one_passed = any(result.id in one_of and result.status == "passed" for result in results)
    return [
        result.model_copy(update={"required": result.status == "passed" or not one_passed})
        if result.id in one_of
        else result
        for result in results
    ]


def _sums(results: list[Result]) -> dict[str, object]:
    return {
        "criteria": tuple(results),
        "score": sum(result.points for result in results),
        "complete": all(result.status == "passed" for result in results if result.required),
    }

"""The results as one table. The platforms' import files are in `exported`.

Nothing there says 0 for what was not graded.
"""

from collections.abc import Sequence

from grader.batch.entries import Entry
from grader.batch.table import render_csv


def gradebook(entries: Sequence[Entry]) -> str:
    """One row a learner: status, points, every criterion, and who needs a look."""
    report = next((one.report for one in entries if one.report), None)
    ids = [result.id for result in report.criteria] if report else []
    head = [
        "name",
        "id",
        "submission",
        "status",
        "score",
        "max_score",
        "submitted",
        "late",
        "percent_off",
        "grade",
        "out_of",
        "passed",
        "look",
        *ids,
        "isolation",
        "seconds",
        "digest",
        "page",
    ]
    rows: list[Sequence[object]] = [head]
    for one in entries:
        statuses = {result.id: result.status for result in one.report.criteria} if one.report else {}
        rows.append(
            [
                one.name,
                one.learner.id if one.learner else "",
                one.submission,
                one.status,
                one.score,
                one.report.max_score if one.report else None,
                one.terms.submitted.isoformat(timespec="seconds") if one.terms.submitted else "",
                "late" if one.terms.late else "",
                one.terms.percent or "",
                one.grade,
                one.out_of,
                one.passed,
                one.wants_a_look,
                *(statuses.get(id, "") for id in ids),
                one.report.isolation if one.report else "",
                round(one.seconds, 1),
                one.report.submission.digest if one.report else "",
                one.page,
            ]
        )
    return render_csv(rows)

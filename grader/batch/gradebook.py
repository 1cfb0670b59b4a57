"""The results as tables: everything, and what Canvas and Moodle import.

Canvas: https://community.canvaslms.com/docs/DOC-12675 (Import grades); Moodle: the offline grading worksheet.
Only judged work is in the last two: nothing there says 0 for what was not graded. Their columns are what the platforms
ask for; how each submission was isolated is in the gradebook.
"""

from collections.abc import Sequence

from grader.batch.entries import Entry
from grader.batch.table import written


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
                one.wants_a_look,
                *(statuses.get(id, "") for id in ids),
                one.report.isolation if one.report else "",
                round(one.seconds, 1),
                one.report.submission.digest if one.report else "",
                one.page,
            ]
        )
    return written(rows)


def canvas(entries: Sequence[Entry], title: str) -> str:
    """For Canvas: Grades, Import. The identifying columns are those of the roster that Canvas exported."""
    graded = [one for one in entries if one.score is not None and one.report]
    most = graded[0].report.max_score if graded and graded[0].report else None
    columns = ("student", "id", "sis user id", "sis login id", "section")
    rows: list[Sequence[object]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title],
        ["Points Possible", "", "", "", "", most],
    ]
    for one in graded:
        row = one.learner.row if one.learner else {}
        known = [row.get(column, "") for column in columns]
        rows.append([known[0] or one.name, *known[1:], one.score])
    return written(rows)


def moodle(entries: Sequence[Entry]) -> str:
    """For Moodle: the assignment, Upload grading worksheet."""
    rows: list[Sequence[object]] = [
        ["Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Feedback comments"]
    ]
    for one in entries:
        if one.score is None or one.report is None:
            continue
        row = one.learner.row if one.learner else {}
        open_ones = [result.title for result in one.report.criteria if result.status == "failed"]
        feedback = "Complete." if one.report.complete else f"To do: {'; '.join(open_ones[:8])}"
        identifier = (
            row.get("identifier") or row.get("participant") or (one.learner.id if one.learner else "")
        )
        email = row.get("email address") or row.get("email", "")
        rows.append([identifier, one.name, email, one.score, one.report.max_score, feedback])
    return written(rows)

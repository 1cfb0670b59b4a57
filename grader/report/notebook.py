"""The checklist in a notebook: the same verdicts as `grader check`, shown below the cell."""

import html
from collections.abc import Sequence
from pathlib import Path

from IPython import display as notebook

from grader import rubric
from grader.collect import collect
from grader.judge import Report, judge
from grader.report.words import printable, shown
from grader.submission import opened

_SIGNS = {"passed": "✓ passed", "failed": "✗ failed", "not_run": "– not run", "error": "! error"}


def checklist(submission: str | Path, only: Sequence[str] = ()) -> Report:
    """Grade a submission and show what was seen of each criterion.

    Args:
        submission: its folder.
        only: criteria whose identifiers begin so, such as ["endpoint"]; all, if empty.

    Raises:
        SubmissionError: there is nothing to grade there.
        RubricError: no criterion begins so.
    """
    worth = rubric.only(rubric.read(), only)
    with opened(str(submission)) as work:
        report = judge(collect(work, only=tuple(only)), worth)
    notebook.display(notebook.HTML(_table(report)))  # type: ignore[no-untyped-call]
    return report


def _table(report: Report) -> str:
    rows = []
    for result in shown(report.criteria):
        # times differ from run to run; the sentence is kept without them
        hint = f"<br><em>{html.escape(result.hint)}</em>" if result.status == "failed" else ""
        seen = "" if result.status == "passed" else f"<br>{html.escape(printable(result.summary))}"
        title = f"<strong>{html.escape(result.title)}</strong> <code>{result.id}</code>"
        rows.append(
            f'<tr><td style="white-space:nowrap;text-align:left">{_SIGNS[result.status]}</td>'
            f'<td style="text-align:left">{title}{seen}{hint}</td></tr>'
        )
    done = "Complete." if report.complete else "Not complete yet."
    return (
        f"<p><strong>{report.score:g} of {report.max_score:g} points.</strong> {done}</p>"
        f"<table><thead><tr><th>Status</th><th>Criterion</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )

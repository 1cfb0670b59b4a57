"""The checklist in a notebook: the same verdicts as `grader check`, shown below the cell."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import ipywidgets
from IPython import display as notebook

from classroom.widgets import panel
from grader import rubric
from grader.errors import GraderError, SubmissionError
from grader.escaping import for_html, visible
from grader.judge import Report
from grader.report.words import select_shown
from grader.stages import stages
from grader.worker import Wanted, grade

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
    report = grade(str(submission), Wanted("process", only=tuple(only), rubric=worth)).report
    notebook.display(notebook.HTML(_table(report)))  # type: ignore[no-untyped-call]
    return report


def _parts() -> dict[str, tuple[str, ...]]:
    """What the panel offers: each stage of the lab, with its criteria."""
    slow = {"errors": " (takes a minute)", "tests": " (takes a minute)"}
    parts = {}
    for stage in stages():
        sections = {id.partition(".")[0] for id in stage.criteria}
        note = next((words for section, words in slow.items() if section in sections), "")
        parts[f"{stage.number}. {stage.name}{note}"] = stage.criteria
    return parts


def live_checklist(submission: str | Path) -> None:
    """A panel with a button that grades one stage, again and again while you work.

    The plain way: `checklist(submission, only=["validation"])`, or `grader check lab --stage 4` in a terminal.
    """
    parts = _parts()
    part = panel.add_label(ipywidgets.Dropdown, "Stage", "lab-check-part", options=list(parts))
    run = panel.button("Check now", "lab-check-run")
    answer = ipywidgets.HTML()
    answer.add_class("lab-check-answer")

    def check(_: object) -> None:
        def tell(step: str) -> None:
            answer.value = f"<p>Checking: {for_html(step)} …</p>"

        run.disabled = True
        tell("starting")
        try:
            answer.value = check_sections(submission, parts[part.value], tell)
        finally:
            run.disabled = False

    run.on_click(check)
    panel.show("The grader's checklist", "lab-check", [part, run, answer])


def check_sections(submission: str | Path, only: Sequence[str], tell: Callable[[str], None]) -> str:
    """Grade the criteria whose identifiers begin so and say as HTML what was seen; `tell` hears of each step."""
    worth = rubric.only(rubric.read(), only)
    try:
        wanted = Wanted("process", only=tuple(only), rubric=worth)  # one's own work, on one's own machine
        report = grade(str(submission), wanted, tell).report
    except (GraderError, SubmissionError) as error:
        return panel.render_message(visible(str(error)), wrong=True)
    count = Counter(result.status for result in report.criteria)
    sentence = f"{count['passed']} passed, {count['failed']} failed, {count['not_run']} not run."
    # what could not be looked at is not done
    return panel.render_message(sentence, wrong=count["passed"] < count.total()) + _table(report)


def _table(report: Report) -> str:
    rows = []
    for result in select_shown(report.criteria):
        # times differ from run to run; the sentence is kept without them
        hint = f"<br><em>{for_html(result.hint)}</em>" if result.status == "failed" else ""
        seen = "" if result.status == "passed" else f"<br>{for_html(result.summary)}"
        seen += f"<br>In your code: {for_html(result.where)}" if result.where else ""
        title = f"<strong>{for_html(result.title)}</strong> <code>{for_html(result.id)}</code>"
        rows.append(
            f'<tr><td style="white-space:nowrap;text-align:left">{_SIGNS[result.status]}</td>'
            f'<td style="text-align:left">{title}{seen}{hint}</td></tr>'
        )
    done = "Complete." if report.complete else "Not complete yet."
    return (
        f"<p><strong>{report.score:g} of {report.max_score:g} points.</strong> {done} Isolation: {for_html(report.isolation)}.</p>"
        f"<table><thead><tr><th>Status</th><th>Criterion</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )

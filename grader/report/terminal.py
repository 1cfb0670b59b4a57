"""The report on a terminal: what passed, what to do next, and where to look."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader import stages
from grader.escaping import for_terminal
from grader.judge import Report, Result
from grader.report.words import closing, remarks, shown

# a sign and a word beside every colour
_SIGNS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "not_run": ("–", "dim"),
    "error": ("!", "magenta"),
}


def show(report: Report, console: Console) -> None:
    """Print the report."""
    console.print()
    console.print(Text.assemble(("Submission  ", "dim"), (for_terminal(report.submission.name), "bold")))
    if report.next_step:
        console.print()
        console.print(Text("Next step", style="bold"))
        console.print(Text(f"  {for_terminal(report.next_step, lines=True)}"))
    for section, title in report.sections.items():
        results = shown(result for result in report.criteria if result.section == section)
        if results:
            _section(title, results, console)
    _to_do(report, console)
    _stages(report, console)
    for remark in closing(report):
        console.print(Text(for_terminal(remark, lines=True), style="cyan"))
    _total(report, console)


def _section(title: str, results: list[Result], console: Console) -> None:
    table = Table(
        box=None,
        padding=(0, 1, 0, 0),
        show_header=False,
        title=Text(for_terminal(title)),
        title_justify="left",
        title_style="bold",
    )
    table.add_column(width=10, no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True, style="dim")
    for result, following in zip(results, [*results[1:], None], strict=True):
        sign, colour = _SIGNS[result.status]
        words = Text(for_terminal(result.title))
        # what holds for several criteria in a row is said once, below the last of them
        said = remarks(result)
        if (
            said
            or following is None
            or (following.status, following.summary) != (result.status, result.summary)
        ):
            style = "dim" if result.status in ("passed", "not_run") else colour
            words.append(f"\n{for_terminal(result.summary, lines=True)}", style=style)
        if result.where:
            words.append(f"\nIn your code: {for_terminal(result.where)}")
        for advice in result.advice:
            words.append(f"\nAdvice: {for_terminal(advice, lines=True)}", style="yellow")
        for remark in said:
            words.append(f"\n{for_terminal(remark, lines=True)}", style="cyan")
        status = result.status.replace("_", " ")
        points = f"{result.points:g}/{result.max_points:g}" if result.max_points else ""
        points += " extra" if points and result.extra else ""
        table.add_row(Text(f"{sign} {status}", style=colour), words, points)
    console.print()
    console.print(table)


def _to_do(report: Report, console: Console) -> None:
    failed = [result for result in report.criteria if result.status == "failed" and result.required]
    if failed:
        console.print()
        console.print(Text("To do next", style="bold"))
    for number, result in enumerate(failed, 1):
        console.print(
            Text.assemble(
                f" {number}. ", (for_terminal(result.title), "bold"), (f"  {for_terminal(result.id)}", "dim")
            )
        )
        console.print(Text(f"    {for_terminal(result.hint)}"))
    more = [result for result in shown(report.criteria) if result.status == "failed" and not result.required]
    if more:
        console.print()
        named = ", ".join(for_terminal(result.id) for result in more)
        console.print(Text(f"Not required, if you like: {named}", style="dim"))


def _stages(report: Report, console: Console) -> None:
    """How far the lab is, stage by stage, and where to go on."""
    found = stages.progress(report)
    if len(found) < len(stages.stages()):  # only a part was graded
        return
    console.print()
    console.print(Text("The lab's stages", style="bold"))
    for each in found:
        sign, colour = _SIGNS["passed" if each.is_done else "failed"]
        total = len(each.open) + each.passed
        console.print(
            Text.assemble(
                (f" {sign} {each.stage.number}. ", colour),
                each.stage.name,
                (f"  {each.passed} of {total}", "dim"),
            )
        )
    following = stages.next_stage(found)
    if following is not None:
        stage = following.stage
        console.print(Text(f"Next: stage {stage.number}. {stage.title}.", style="bold"))
        if stage.number == 2:
            first = stages.stages()[0].test
            console.print(
                Text(f"    Begin with stage 1: only its test sees an echo, pytest {first}.", style="dim")
            )
        console.print(
            Text(f"    Read {stage.read}. Try pytest {stage.test} in the lab's folder.", style="dim")
        )
    elif report.complete:
        console.print(Text("All stages are done. --html FILE keeps what you made, to show.", style="bold"))


def _total(report: Report, console: Console) -> None:
    console.print()
    if report.has_error:
        verdict = Text(
            "The grader itself failed: this is no judgement of the submission.", style="bold magenta"
        )
    elif report.complete:
        verdict = Text("Complete: every required criterion passed.", style="bold green")
    else:
        count = sum(result.required and result.status != "passed" for result in report.criteria)
        verdict = Text(
            f"Not complete yet: {count} required {'criterion is' if count == 1 else 'criteria are'} open.",
            style="bold red",
        )
    mark = ""
    if report.pass_mark is not None:
        reached = "reached" if report.score >= report.pass_mark else "not reached"
        mark = f"The pass mark of {report.pass_mark:g} is {reached}.  "
    console.print(Text.assemble(f"Score {report.score:g} of {report.max_score:g}.  {mark}", verdict))
    notes = [
        f"isolation: {report.isolation}",
        f"{report.seconds:.0f} s",
        f"{report.requests} requests sent",
        f"grader {report.grader}",
    ]
    console.print(Text(for_terminal(" · ".join(notes)), style="dim"))
    if report.isolation == "process":
        console.print(
            "The submission ran in processes of its own, as you: grade only work that you would run yourself.",
            style="dim",
        )


def show_difference(changed: list[tuple[Result, Result]], console: Console) -> None:
    """Print what is another than in the run before."""
    console.print()
    if not changed:
        console.print("Since the last run: nothing changed.", style="bold")
        return
    console.print("Since the last run:", style="bold")
    for before, now in changed:
        sign, colour = _SIGNS[now.status]
        console.print(
            Text.assemble(
                (f" {sign} {now.status.replace('_', ' ')}", colour),
                f"  {for_terminal(now.title)}  ",
                (f"{for_terminal(now.id)}, was {before.status.replace('_', ' ')}", "dim"),
            )
        )
        if now.status == "failed":
            console.print(Text(f"    {for_terminal(now.summary)}"))

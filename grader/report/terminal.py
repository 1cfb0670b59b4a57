"""The report on a terminal: what passed, what to do next, and where to look."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader import stages
from grader.escaping import for_terminal
from grader.judge import Report, Result
from grader.report.language import ENGLISH, Language
from grader.report.spoken import in_language, spoken
from grader.report.words import VERDICTS, add_sign, closing, next_step, remarks, select_shown

# a sign and a word beside every colour
_SIGNS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "not_run": ("–", "dim"),
    "error": ("!", "magenta"),
}


def show(report: Report, console: Console, say: Language = ENGLISH) -> None:
    """Print the report, in a language."""
    console.print()
    named = (f"{say('Submission')}  ", "dim"), (for_terminal(report.submission.name), "bold")
    console.print(Text.assemble(*named))
    step = next_step(report, say)
    if step:
        console.print()
        console.print(Text(say("Next step"), style="bold"))
        console.print(Text(f"  {for_terminal(step, lines=True)}"))
    report = in_language(report, say)
    for section, title in report.sections.items():
        results = select_shown(result for result in report.criteria if result.section == section)
        if results:
            _section(say(title), results, console, say)
    _to_do(report, console, say)
    _stages(report, console, say)
    for remark in closing(report, say):
        console.print(Text(for_terminal(remark, lines=True), style="cyan"))
    _total(report, console, say)


def _section(title: str, results: list[Result], console: Console, say: Language) -> None:
    table = Table(
        box=None,
        padding=(0, 1, 0, 0),
        show_header=False,
        title=Text(for_terminal(title)),
        title_justify="left",
        title_style="bold",
    )
    width = max(len(add_sign(status, say)) for status in _SIGNS)
    table.add_column(width=max(10, width), no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True, style="dim")
    for result, following in zip(results, [*results[1:], None], strict=True):
        _, colour = _SIGNS[result.status]
        words = Text(for_terminal(say(result.title)))
        # what holds for several criteria in a row is shown once, below the last of them
        notes = remarks(result, say)
        if (
            notes
            or following is None
            or (following.status, following.summary) != (result.status, result.summary)
        ):
            style = "dim" if result.status in ("passed", "not_run") else colour
            words.append(f"\n{for_terminal(result.summary, lines=True)}", style=style)
        if result.where:
            words.append(f"\n{say('In your code:')} {for_terminal(result.where)}")
        for advice in result.advice:
            words.append(f"\n{say('Advice:')} {for_terminal(advice, lines=True)}", style="yellow")
        for remark in notes:
            words.append(f"\n{for_terminal(remark, lines=True)}", style="cyan")
        points = f"{result.points:g}/{result.max_points:g}" if result.max_points else ""
        points += f" {say('extra')}" if points and result.extra else ""
        table.add_row(Text(add_sign(result.status, say), style=colour), words, points)
    console.print()
    console.print(table)


def _to_do(report: Report, console: Console, say: Language) -> None:
    failed = [result for result in report.criteria if result.status == "failed" and result.required]
    if failed:
        console.print()
        console.print(Text(say("To do next"), style="bold"))
    for number, result in enumerate(failed, 1):
        console.print(
            Text.assemble(
                f" {number}. ",
                (for_terminal(say(result.title)), "bold"),
                (f"  {for_terminal(result.id)}", "dim"),
            )
        )
        console.print(Text(f"    {for_terminal(say(result.hint))}"))
    more = [
        result
        for result in select_shown(report.criteria)
        if result.status == "failed" and not result.required
    ]
    if more:
        console.print()
        named = ", ".join(for_terminal(result.id) for result in more)
        console.print(Text(f"{say('Not required, if you like')}: {named}", style="dim"))


def _stages(report: Report, console: Console, say: Language) -> None:
    """How far the lab is, stage by stage, and where to go on."""
    found = stages.progress(report)
    if len(found) < len(stages.stages()):  # only a part was graded
        return
    console.print()
    console.print(Text(say("The lab's stages"), style="bold"))
    for each in found:
        sign, colour = _SIGNS["passed" if each.is_done else "failed"]
        total = len(each.open) + each.passed
        console.print(
            Text.assemble(
                (f" {sign} {each.stage.number}. ", colour),
                say(each.stage.name),
                (f"  {say('{passed} of {total}', passed=each.passed, total=total)}", "dim"),
            )
        )
    following = stages.next_stage(found)
    if following is not None:
        stage = following.stage
        following_title = say("Next: stage {number}. {title}.", number=stage.number, title=say(stage.title))
        console.print(Text(following_title, style="bold"))
        if stage.number == 2:
            first = stages.stages()[0].test
            begin = say("Begin with stage 1: only its test sees an echo, pytest {test}.", test=first)
            console.print(Text(f"    {begin}", style="dim"))
        helps = say(
            "Read {page}. Try pytest {test} in the lab's folder.", page=say(stage.read), test=stage.test
        )
        console.print(Text(f"    {helps}", style="dim"))
    elif report.complete:
        console.print(
            Text(say("All stages are done. --html FILE keeps what you made, to show."), style="bold")
        )


def _total(report: Report, console: Console, say: Language) -> None:
    console.print()
    if report.has_error:
        failure = say("The grader itself failed: this is no judgement of the submission.")
        verdict = Text(failure, style="bold magenta")
    elif report.complete:
        whole = (
            "This part is complete: every required criterion that was looked at passed."
            if stages.is_part(report)
            else "Complete: every required criterion passed."
        )
        verdict = Text(say(whole), style="bold green")
    else:
        count = sum(result.required and result.status != "passed" for result in report.criteria)
        verdict = Text(
            say.many(
                "Not complete yet: {count} required criterion is open.",
                "Not complete yet: {count} required criteria are open.",
                count,
            ),
            style="bold red",
        )
    mark = ""
    if report.pass_mark is not None:
        reached = report.score >= report.pass_mark
        mark = say(
            "The pass mark of {mark:g} is reached."
            if reached
            else "The pass mark of {mark:g} is not reached.",
            mark=report.pass_mark,
        )
    score = say("Score {score:g} of {most:g}.", score=report.score, most=report.max_score)
    console.print(Text.assemble(f"{score}  {mark}{'  ' if mark else ''}", verdict))
    notes = [
        say("isolation: {tier}", tier=report.isolation),
        f"{report.seconds:.0f} s",
        say.many("{count} request sent", "{count} requests sent", report.requests),
        f"grader {report.grader}",
    ]
    console.print(Text(for_terminal(" · ".join(notes)), style="dim"))
    if report.isolation == "process":
        warning = (
            "The submission ran in processes of its own, as you: grade only work that you would run yourself."
        )
        console.print(Text(say(warning), style="dim"))


def show_difference(changed: list[tuple[Result, Result]], console: Console, say: Language = ENGLISH) -> None:
    """Print what is another than in the run before."""
    console.print()
    if not changed:
        console.print(Text(say("Since the last run: nothing changed."), style="bold"))
        return
    console.print(Text(say("Since the last run:"), style="bold"))
    for before, now in changed:
        _, colour = _SIGNS[now.status]
        was = say("was {verdict}", verdict=say(VERDICTS[before.status]))
        console.print(
            Text.assemble(
                (f" {add_sign(now.status, say)}", colour),
                f"  {for_terminal(say(now.title))}  ",
                (f"{for_terminal(now.id)}, {was}", "dim"),
            )
        )
        if now.status == "failed":
            console.print(Text(f"    {for_terminal(spoken(now, say).summary)}"))

"""One submission: `check`, `judge` and `isolation`."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from grader.commands.options import (
    COMPLETE,
    INCOMPLETE,
    AssignmentName,
    EvidenceIsolation,
    GradescopeFile,
    HtmlFile,
    JsonFile,
    JunitFile,
    LanguageCode,
    NotebookFile,
    Only,
    RubricFile,
    StageNumber,
)
from grader.commands.outputs import Outputs, complain, exit_code, finish, keep_evidence, write_reports
from grader.errors import SubmissionError
from grader.escaping import for_terminal
from grader.sandbox.tiers import Isolation

if TYPE_CHECKING:
    from grader.judge import Report, Status
    from grader.worker import Wanted


def check(
    path: Annotated[str, typer.Argument(help="A folder, a .zip or .tar.gz, a git URL or bundle.")],
    json: JsonFile = None,
    html: HtmlFile = None,
    junit: JunitFile = None,
    gradescope: GradescopeFile = None,
    notebook: NotebookFile = None,
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="Keep what was seen in this folder.")
    ] = None,
    assignment: AssignmentName = None,
    language: LanguageCode = None,
    rubric: RubricFile = None,
    only: Only = None,
    stage: StageNumber = None,
    isolation: Annotated[
        Isolation,
        typer.Option(
            help="How the submission is kept apart; auto takes the best there is. process runs it as you, for work that you trust."
        ),
    ] = "auto",
    env: Annotated[
        Literal["auto", "lab", "submission"],
        typer.Option(
            help="The packages to run it with: the lab's, or those that it declares (built by uv, kept); auto takes the lab's where they satisfy what it declares."
        ),
    ] = "auto",
    watch: Annotated[
        bool, typer.Option("--watch", help="Grade again whenever a file is saved, until Ctrl-C.")
    ] = False,
) -> None:
    """Grade one submission."""
    from grader import rubric as rubrics
    from grader import stages
    from grader.assignment.assignment import find
    from grader.sandbox import choose_tier
    from grader.worker import Wanted, grade

    tier = choose_tier(isolation, own_folder=Path(path).is_dir())
    if tier == "process" and isolation == "auto":
        complain(
            "This system has no sandbox, so the folder runs as an ordinary program, as if you started it yourself."
        )
    graded_by = find(assignment)
    say = graded_by.language(language)
    outputs = Outputs(say, json=json, html=html, junit=junit, gradescope=gradescope, notebook=notebook)
    prefixes = (*(only or ()), *(stages.criteria_of(stage) if stage is not None else ()))
    usual = graded_by.rubric(rubric)
    worth = rubrics.only(usual, prefixes)
    wanted = Wanted(
        tier,
        env,
        graded_by.with_needs(prefixes),
        worth,
        graded_by.package(usual),
        pages=("html",) if html else (),
        language=say.code,
        evidence="files" if evidence else "none",
        processors=_processors(),
    )
    if watch:
        _watch(path, wanted, outputs)
    console = Console(stderr=True, highlight=False)
    if console.is_terminal and not outputs.to_stdout:
        wanted = replace(wanted, tells=True)

    def tell(verdicts: "Mapping[str, Status]") -> None:
        from grader.report import so_far

        for line in so_far.lines(verdicts, graded_by.criteria, graded_by.sections, say):
            console.print(Text(for_terminal(line)))

    with console.status("starting …") as status:
        graded = grade(path, wanted, lambda phase: status.update(Text(for_terminal(f"{phase} …"))), tell)
    if evidence:
        keep_evidence(graded.files, evidence)
    finish(graded, outputs)


def judge(
    evidence: Annotated[
        Path,
        typer.Argument(
            help="The folder that --evidence wrote, the results of a batch, or a .record of them."
        ),
    ],
    json: JsonFile = None,
    html: HtmlFile = None,
    junit: JunitFile = None,
    gradescope: GradescopeFile = None,
    notebook: NotebookFile = None,
    learner: Annotated[
        str | None,
        typer.Option("--learner", help="Whose, of a batch: a name, an identifier, or the submission's name."),
    ] = None,
    assignment: AssignmentName = None,
    language: LanguageCode = None,
    rubric: RubricFile = None,
    only: Only = None,
    isolation: EvidenceIsolation = "auto",
) -> None:
    """Judge saved evidence again, under another rubric if you like; nothing is run."""
    from grader import rubric as rubrics
    from grader.assignment.assignment import find, unpack
    from grader.review import opening
    from grader.sandbox import choose_tier
    from grader.worker import Wanted, rejudge

    kept = opening.find_evidence(evidence, learner)
    kept_package = kept.assignment if kept and not assignment else None
    judged_by = unpack(kept_package) if kept_package else find(assignment)
    as_then = kept.rubric if kept and not rubric and not assignment else None
    usual = as_then or judged_by.rubric(rubric)
    worth = rubrics.only(usual, only or ())
    say = judged_by.language(language or (kept.language if kept else None))
    outputs = Outputs(say, json=json, html=html, junit=junit, gradescope=gradescope, notebook=notebook)
    package = kept_package or judged_by.package(usual)
    wanted = Wanted(
        choose_tier(isolation),
        rubric=worth,
        assignment=package,
        pages=("html",) if html else (),
        language=say.code,
    )
    if learner is not None and kept is None:
        raise typer.BadParameter("--learner is for the results of a batch.")
    finish(opening.judge_evidence(kept, wanted) if kept else rejudge(evidence, wanted), outputs)


def isolation() -> None:
    """Try which walls this machine can put around a submission, and say what each does not protect from."""
    from grader.sandbox import TIERS, tiers

    trials = {"bubblewrap": tiers.bubblewrap(), "landlock": tiers.has_landlock()}
    for tier, limits in TIERS.items():
        trial = trials.get(tier)
        can = "works here" if trial is None or trial.works else f"not here: {trial.why_not}"
        typer.echo(f"{tier}: {can}.\n    {limits}")
    raise typer.Exit(COMPLETE if any(trial.works for trial in trials.values()) else INCOMPLETE)


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _watch(path: str, wanted: "Wanted", outputs: Outputs) -> NoReturn:
    """Grade, then again after every saved file; what changed is shown first."""
    from grader import watch
    from grader.report import terminal
    from grader.worker import Graded, Standby
    from grader.worker import grade as grade_once

    root = Path(path)
    if not root.is_dir():
        raise SubmissionError("--watch needs a folder: nothing is saved in an archive or a repository.")
    if outputs.to_stdout:
        raise typer.BadParameter("--watch prints as it goes: give the reports files, not -.")
    if wanted.only:
        raise typer.BadParameter("--watch chooses what to grade again by itself: leave --only out.")
    console, progress = Console(highlight=False), Console(stderr=True)
    pages: dict[str, bytes] = {}

    def grade(families: Sequence[str]) -> "Report":
        with progress.status("grading …") as status:
            graded = grade_once(
                path,
                replace(wanted, only=tuple(families)),
                lambda phase: status.update(Text(for_terminal(f"{phase} …"))),
                standby=standby,
            )
        standby.prepare()  # what the next one begins with is loaded while the learner writes
        pages.update(graded.files)
        return graded.report

    with Standby(wanted) as standby:
        last = grade(())
        terminal.show(last, console, outputs.language)
        write_reports(Graded(last, pages), outputs)
        progress.print("Watching. Save a file to grade again; Ctrl-C ends it.", style="dim")
        try:
            for changed in watch.changes(root):
                if not changed:
                    continue
                saved = f"Saved: {', '.join(changed[:3])}{' …' if len(changed) > 3 else ''}"
                progress.print(Text(for_terminal(saved), style="dim"))
                now = watch.again(last, changed, grade)
                terminal.show_difference(watch.difference(last, now), console, outputs.language)
                score = outputs.language("Score {score:g} of {most:g}.", score=now.score, most=now.max_score)
                console.print(score)
                last = now
                write_reports(Graded(last, pages), outputs)
        except KeyboardInterrupt:
            progress.print("Ended.", style="dim")
    raise typer.Exit(exit_code(last))

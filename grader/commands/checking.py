"""One submission: `check`, `judge` and `isolation`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from grader.commands.options import (
    COMPLETE,
    INCOMPLETE,
    EvidenceIsolation,
    GradescopeFile,
    HtmlFile,
    JsonFile,
    JunitFile,
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
    from grader.judge import Report
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
    from grader.sandbox import chosen
    from grader.worker import Wanted, grade

    tier = chosen(isolation, own_folder=Path(path).is_dir())
    if tier == "process" and isolation == "auto":
        complain(
            "This system has no sandbox, so the folder runs as an ordinary program, as if you started it yourself."
        )
    outputs = Outputs(json=json, html=html, junit=junit, gradescope=gradescope, notebook=notebook)
    prefixes = (*(only or ()), *(stages.criteria_of(stage) if stage is not None else ()))
    worth = rubrics.only(rubrics.read(rubric or rubrics.SHIPPED), prefixes)
    wanted = Wanted(
        tier,
        env,
        prefixes,
        worth,
        pages=("html",) if html else (),
        evidence="files" if evidence else "none",
    )
    if watch:
        _watch(path, wanted, outputs)
    with Console(stderr=True).status("starting …") as status:
        graded = grade(path, wanted, lambda phase: status.update(Text(for_terminal(f"{phase} …"))))
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
    rubric: RubricFile = None,
    only: Only = None,
    isolation: EvidenceIsolation = "auto",
) -> None:
    """Judge saved evidence again, under another rubric if you like; nothing is run."""
    from grader import rubric as rubrics
    from grader.review import opening
    from grader.sandbox import chosen
    from grader.worker import Wanted, rejudge

    kept = opening.found(evidence, learner)
    usual = kept.rubric if kept and kept.rubric and not rubric else rubrics.read(rubric or rubrics.SHIPPED)
    worth = rubrics.only(usual, only or ())
    outputs = Outputs(json=json, html=html, junit=junit, gradescope=gradescope, notebook=notebook)
    wanted = Wanted(chosen(isolation), rubric=worth, pages=("html",) if html else ())
    if learner is not None and kept is None:
        raise typer.BadParameter("--learner is for the results of a batch.")
    finish(opening.judged(kept, wanted) if kept else rejudge(evidence, wanted), outputs)


def isolation() -> None:
    """Try which walls this machine can put around a submission, and say what each does not protect from."""
    from grader.sandbox import TIERS, tiers

    trials = {"bubblewrap": tiers.bubblewrap(), "landlock": tiers.has_landlock()}
    for tier, limits in TIERS.items():
        trial = trials.get(tier)
        can = "works here" if trial is None or trial.works else f"not here: {trial.why_not}"
        typer.echo(f"{tier}: {can}.\n    {limits}")
    raise typer.Exit(COMPLETE if any(trial.works for trial in trials.values()) else INCOMPLETE)


def _watch(path: str, wanted: "Wanted", outputs: Outputs) -> NoReturn:
    """Grade, then again after every saved file; what changed is shown first."""
    from grader import watch
    from grader.report import terminal
    from grader.worker import Graded
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
            )
        pages.update(graded.files)
        return graded.report

    last = grade(())
    terminal.show(last, console)
    write_reports(Graded(last, pages), outputs)
    progress.print("Watching. Save a file to grade again; Ctrl-C ends it.", style="dim")
    try:
        for changed in watch.changes(root):
            if not changed:
                continue
            saved = f"Saved: {', '.join(changed[:3])}{' …' if len(changed) > 3 else ''}"
            progress.print(Text(for_terminal(saved), style="dim"))
            now = watch.again(last, changed, grade)
            terminal.show_difference(watch.difference(last, now), console)
            console.print(f"Score {now.score:g} of {now.max_score:g}.")
            last = now
            write_reports(Graded(last, pages), outputs)
    except KeyboardInterrupt:
        progress.print("Ended.", style="dim")
    raise typer.Exit(exit_code(last))

"""The command `grader`."""

import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from grader.errors import EvidenceError, GraderError, ReleaseError, RubricError, SubmissionError
from grader.escaping import for_terminal
from grader.files import write
from grader.sandbox.tiers import Isolation

if TYPE_CHECKING:
    from grader.judge import Report
    from grader.worker import Graded, Wanted

_OURS = ("grader", "classroom")
COMPLETE, INCOMPLETE, UNGRADABLE, GRADER_FAILED, INTERRUPTED = 0, 1, 2, 3, 130

app = typer.Typer(
    help="Grades submissions of the lab: what was seen, why it matters, where to look.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

JsonFile = Annotated[
    Path | None,
    typer.Option("--json", help="Write the report as JSON; - for standard output.", allow_dash=True),
]
HtmlFile = Annotated[
    Path | None,
    typer.Option("--html", help="Write the report as a page; - for standard output.", allow_dash=True),
]
JunitFile = Annotated[
    Path | None,
    typer.Option("--junit", help="Write the report as JUnit XML; - for standard output.", allow_dash=True),
]
GradescopeFile = Annotated[
    Path | None,
    typer.Option("--gradescope", help="Write the report as Gradescope's results.json.", allow_dash=True),
]
NotebookFile = Annotated[
    Path | None,
    typer.Option(
        "--notebook",
        help="Write the report as a notebook in which an instructor can comment and change points.",
    ),
]
AssignmentName = Annotated[
    str | None,
    typer.Option(
        "--assignment",
        help="Another assignment than the lab's: its folder, or the name of an installed one. See docs/authoring.md.",
    ),
]
RubricFile = Annotated[
    Path | None, typer.Option("--rubric", help="Another rubric: a file, or original (core is the usual one).")
]
Only = Annotated[
    list[str] | None, typer.Option("--only", help="Only criteria whose identifier begins so; repeatable.")
]
StageNumber = Annotated[
    int | None, typer.Option("--stage", help="Only what one stage of the lab closes, by its number.")
]


@app.command()
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
    from grader.sandbox import chosen
    from grader.worker import Wanted, grade

    tier = chosen(isolation, own_folder=Path(path).is_dir())
    if tier == "process" and isolation == "auto":
        _complain(
            "This system has no sandbox, so the folder runs as an ordinary program, as if you started it yourself."
        )
    outputs = _Outputs(json=json, html=html, junit=junit, gradescope=gradescope, notebook=notebook)
    prefixes = (*(only or ()), *(stages.criteria_of(stage) if stage is not None else ()))
    graded_by = find(assignment)
    usual = graded_by.rubric(rubric)
    worth = rubrics.only(usual, prefixes)
    wanted = Wanted(
        tier,
        env,
        graded_by.with_needs(prefixes),
        worth,
        graded_by.package(usual),
        pages=("html",) if html else (),
        evidence="files" if evidence else "none",
    )
    if watch:
        _watch(path, wanted, outputs)
    with Console(stderr=True).status("starting …") as status:
        graded = grade(path, wanted, lambda phase: status.update(Text(for_terminal(f"{phase} …"))))
    if evidence:
        _keep(graded.files, evidence)
    _finish(graded, outputs)


@app.command()
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
    rubric: RubricFile = None,
    only: Only = None,
    isolation: Annotated[
        Isolation, typer.Option(help="How the evidence is kept apart while it is read, as for check.")
    ] = "auto",
) -> None:
    """Judge saved evidence again, under another rubric if you like; nothing is run."""
    from grader import rubric as rubrics
    from grader.assignment.assignment import find, unpacked
    from grader.review import opening
    from grader.sandbox import chosen
    from grader.worker import Wanted, rejudge

    kept = opening.found(evidence, learner)
    kept_kit = kept.assignment if kept and not assignment else None
    judged_by = unpacked(kept_kit) if kept_kit else find(assignment)
    as_then = kept is not None and kept.rubric is not None and not rubric and not assignment
    usual = kept.rubric if as_then and kept and kept.rubric else judged_by.rubric(rubric)
    worth = rubrics.only(usual, only or ())
    outputs = _Outputs(json=json, html=html, junit=junit, gradescope=gradescope, notebook=notebook)
    package = kept_kit or judged_by.package(usual)
    wanted = Wanted(chosen(isolation), rubric=worth, assignment=package, pages=("html",) if html else ())
    if learner is not None and kept is None:
        raise typer.BadParameter("--learner is for the results of a batch.")
    _finish(opening.judged(kept, wanted) if kept else rejudge(evidence, wanted), outputs)


@app.command()
def review(
    results: Annotated[Path, typer.Argument(help="The folder that grader batch wrote.")],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="On this machine; 0 for a free one.")
    ] = 0,
    isolation: Annotated[
        Isolation, typer.Option(help="How the evidence is kept apart while it is read, as for check.")
    ] = "auto",
) -> None:
    """Look through a class in the browser, and decide: overrides, comments, requests for another look."""
    from grader.review.serving import serve
    from grader.sandbox import chosen

    serve(results, chosen(isolation), port, lambda text: typer.echo(for_terminal(text)))


@app.command()
def release(
    destination: Annotated[Path, typer.Argument(help="The folder in which to write lab/ and notebooks/.")],
    source: Annotated[Path, typer.Option("--from", help="The answer key.")] = Path("answer-key"),
    check_only: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; fail if the copy is not as the answer key makes it."),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Move what somebody worked on to a dated folder beside lab/, then write it again."
        ),
    ] = False,
) -> None:
    """Write the learners' copy: skeletons without answers. Files that somebody worked on are left alone, and named."""
    from grader import release as releases
    from grader import release_record as listings

    if check_only:
        if force:
            raise typer.BadParameter("--check writes nothing: leave --force out.")
        differences = listings.describe(releases.state(source, destination), destination)
        typer.echo(differences or "Up to date.", err=bool(differences))
        raise typer.Exit(INCOMPLETE if differences else COMPLETE)
    done = releases.release(source, destination, force=force)
    for name in done.written:
        typer.echo(for_terminal(f"wrote {name}"))
    for name in done.removed:
        typer.echo(for_terminal(f"removed {name}, which the answer key no longer has"))
    if done.kept:
        typer.echo(for_terminal(f"Someone worked here. What you find in {done.kept} was moved there:"))
        typer.echo(listings.listed(done.worked))
    elif done.worked:
        typer.echo(
            "Someone worked here. These were left as they are:\n" + listings.listed(done.worked), err=True
        )
        typer.echo("--force moves them to a dated folder, and writes them again.", err=True)
        raise typer.Exit(INCOMPLETE)
    if not (done.written or done.removed or done.kept):
        typer.echo("Up to date.")


@app.command()
def batch(
    where: Annotated[
        str,
        typer.Argument(
            help="A download of Canvas, Moodle or Gradescope (the ZIP itself, or unpacked), a folder of folders, archives, programs or clones, a text file of git URLs, or s3://bucket/prefix."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Where to write the results.")],
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, max=256, help="How many may keep this machine busy at a time.")
    ] = os.cpu_count() or 1,
    dask: Annotated[
        str | None, typer.Option("--dask", help="A Dask scheduler, such as tcp://10.0.0.5:8786.")
    ] = None,
    roster: Annotated[
        Path | None, typer.Option("--roster", help="A CSV with the learners' names and identifiers.")
    ] = None,
    roster_columns: Annotated[
        str | None,
        typer.Option(
            "--roster-columns",
            help="Which of its columns is which, by name or number: id=…,name=…,email=… (also first, last, group).",
        ),
    ] = None,
    class_record: Annotated[
        Path | None,
        typer.Option(
            "--class",
            help="Due date, lateness, extensions, groups, scale: class.toml beside the submissions is found by itself.",
        ),
    ] = None,
    assignment: AssignmentName = None,
    rubric: RubricFile = None,
    isolation: Annotated[
        Isolation, typer.Option(help="How submissions are kept apart; auto takes the best there is.")
    ] = "auto",
    env: Annotated[
        Literal["auto", "lab", "submission"],
        typer.Option(help="The packages to run them with, as for check."),
    ] = "auto",
    evidence: Annotated[
        str | None,
        typer.Option(
            "--evidence", help="Keep what was seen elsewhere: a folder, or s3://bucket/prefix for a cluster."
        ),
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Also try again those whose worker was lost twice.")
    ] = False,
) -> None:
    """Grade a whole class, side by side; interrupted, the same command does what is left."""
    from grader.assignment.assignment import find
    from grader.batch.progress import Live
    from grader.batch.run import Plan
    from grader.batch.run import batch as graded
    from grader.batch.summary import show
    from grader.sandbox import chosen

    graded_by = find(assignment)
    worth = graded_by.rubric(rubric)
    plan = Plan(
        where=where,
        out=out,
        rubric=worth,
        assignment=graded_by.package(worth),
        given=graded_by.given,
        tier=chosen(isolation),
        environment=env,
        jobs=jobs,
        dask=dask,
        roster=roster,
        roster_columns=_pairs(roster_columns or ""),
        evidence=evidence,
        retry=retry,
        class_record=class_record,
    )
    console = Console(stderr=True, highlight=False)
    live = Live(console)
    live.start()
    try:
        rows = graded(plan, live, lambda text: console.print(Text(for_terminal(text))))
    except KeyboardInterrupt:
        live.stop()
        console.print("Interrupted. What was collected is kept: the same command does what is left.")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        live.stop()
    show(rows, out, Console(highlight=False))
    raise typer.Exit(GRADER_FAILED if any(row.has_error for row in rows) else COMPLETE)


def _pairs(text: str) -> dict[str, str]:
    """`id=…,name=…` as a table."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not sign or not value.strip() for _, sign, value in pairs):
        raise typer.BadParameter("--roster-columns is written id=COLUMN,name=COLUMN,email=COLUMN.")
    return {name.strip(): value.strip() for name, _, value in pairs}


@app.command()
def export(
    platform: Annotated[
        Literal["gradescope", "github", "classroom50"], typer.Argument(help="For which platform.")
    ],
    destination: Annotated[
        Path, typer.Argument(help="The .zip for Gradescope; a new folder for the others.")
    ],
    rubric: RubricFile = None,
) -> None:
    """Pack the grader for another platform."""
    from grader import export as exports
    from grader import rubric as rubrics

    if platform == "github":
        if rubric:
            raise typer.BadParameter("A template is for learners to read: keep your rubric for grader batch.")
        typer.echo(f"wrote {exports.github(destination)}: see .github/TEMPLATE.md in it")
        return
    if rubric:
        rubrics.read(rubric)  # a mistake in it shows now, not on Gradescope
    named = rubrics.BY_NAME.get(str(rubric), rubric) if rubric else None
    if platform == "classroom50":
        done = exports.classroom50(destination, named)
        typer.echo(
            f"wrote {done}: put it into your classroom50 repository, as CLASSROOM/autograders/ASSIGNMENT/"
        )
        return
    typer.echo(f"wrote {exports.gradescope(destination, named)}: upload it as the autograder")


@app.command()
def isolation() -> None:
    """Try which walls this machine can put around a submission, and say what each does not protect from."""
    from grader.sandbox import TIERS, tiers

    trials = {"bubblewrap": tiers.bubblewrap(), "landlock": tiers.has_landlock()}
    for tier, limits in TIERS.items():
        trial = trials.get(tier)
        can = "works here" if trial is None or trial.works else f"not here: {trial.why_not}"
        typer.echo(f"{tier}: {can}.\n    {limits}")
    raise typer.Exit(COMPLETE if any(trial.works for trial in trials.values()) else INCOMPLETE)


class _Outputs:
    """Where the report goes. At most one of them may be standard output; then nothing else goes there."""

    def __init__(self, **files: Path | None) -> None:
        self.files = files
        dashes = [name for name, file in self.files.items() if file == Path("-")]
        if len(dashes) > 1:
            raise typer.BadParameter(f"--{dashes[0]} and --{dashes[1]} can't both be standard output.")
        if "notebook" in dashes:
            raise typer.BadParameter(
                "--notebook keeps what an instructor wrote into the file: give it one, not -."
            )
        self.to_stdout = bool(dashes)

    def write(self, name: str, text: str) -> None:
        """To the file that was asked for, whole or not at all."""
        file = self.files[name]
        if file is None:
            return
        if file == Path("-"):
            sys.stdout.write(text)
            return
        write(file, text.encode())


def _finish(graded: "Graded", outputs: _Outputs) -> None:
    """Show, write, and exit with the contract's code."""
    from grader.report import terminal

    if not outputs.to_stdout:
        terminal.show(graded.report, Console(highlight=False))
    _write(graded, outputs)
    raise typer.Exit(_exit_code(graded.report))


def _write(graded: "Graded", outputs: _Outputs) -> None:
    """The files that were asked for."""
    from grader.report import document, gradescope, junit, sheet

    report = graded.report
    outputs.write("json", document.render(report))
    outputs.write("html", graded.files.get("page.html", b"").decode("utf-8", "replace"))
    outputs.write("junit", junit.render(report))
    outputs.write("gradescope", gradescope.render(report))
    if outputs.files["notebook"]:
        sheet.write(report, outputs.files["notebook"])
    for name, file in outputs.files.items():
        if file and not outputs.to_stdout:
            typer.echo(for_terminal(f"{name}: {file}"))


def _keep(files: Mapping[str, bytes], folder: Path) -> None:
    """Write the evidence into a folder; the JSON last, so that its presence means that all is there."""
    for name in sorted(files):
        if name.startswith("blobs/"):
            write(folder / name, files[name])
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    write(folder / "evidence.json", files["evidence.json"])


def _exit_code(report: "Report") -> int:
    return GRADER_FAILED if report.has_error else COMPLETE if report.complete else INCOMPLETE


def _watch(path: str, wanted: "Wanted", outputs: _Outputs) -> NoReturn:
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
    _write(Graded(last, pages), outputs)
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
            _write(Graded(last, pages), outputs)
    except KeyboardInterrupt:
        progress.print("Ended.", style="dim")
    raise typer.Exit(_exit_code(last))


def _complain(sentence: str) -> None:
    """One message on standard error. It may quote a submission: further lines are indented, so that none looks like ours."""
    shown = for_terminal(sentence, lines=True).replace("\n", "\n    ")
    Console(stderr=True, highlight=False).print(Text(shown), soft_wrap=True)


def _guarded(run: Callable[[], None]) -> int:
    """The exit code; our own errors as one clear line each."""
    try:
        run()
    except SubmissionError as error:
        _complain(f"This can't be graded: {error}")
        return UNGRADABLE
    except (RubricError, EvidenceError, ReleaseError, GraderError) as error:
        _complain(f"The grader can't go on: {error}")
        return GRADER_FAILED
    except Exception as error:  # a bug of ours must never exit with 1, which says that the learner failed
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] not in _OURS:
            lacks = f"The grader lacks the package {error.name}"
            _complain(f"{lacks}: pip install 'openai-files-lab[grader]' installs it.")
            return GRADER_FAILED
        where = "".join(traceback.format_exception(error)) if os.environ.get("GRADER_DEBUG") else ""
        _complain(
            f"{where}The grader itself failed, which says nothing of the submission: {type(error).__name__}: {error}"
        )
        _complain("Set GRADER_DEBUG=1 and run it again to see where.")
        return GRADER_FAILED
    except KeyboardInterrupt:
        Console(stderr=True).print("Interrupted; nothing was written.")
        return INTERRUPTED
    return COMPLETE


def main() -> None:
    """The entry point: exit codes as in the contract, section 1."""
    sys.exit(_guarded(app))

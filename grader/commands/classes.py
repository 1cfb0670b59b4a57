"""A whole class: `batch` and `review`."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.text import Text

from grader.commands.options import (
    COMPLETE,
    GRADER_FAILED,
    INTERRUPTED,
    AssignmentName,
    EvidenceIsolation,
    LanguageCode,
    RubricFile,
)
from grader.escaping import for_terminal
from grader.sandbox.tiers import Isolation


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
    language: LanguageCode = None,
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
    from grader.batch.agreement import grading
    from grader.batch.progress import Live
    from grader.batch.run import Plan
    from grader.batch.run import batch as graded
    from grader.batch.summary import show
    from grader.sandbox import choose_tier

    agreed = grading(where, class_record)
    graded_by = find(assignment or agreed.assignment)
    worth = graded_by.rubric(rubric)
    spoken = graded_by.language(language or agreed.language)
    plan = Plan(
        where=where,
        out=out,
        rubric=worth,
        assignment=graded_by.package(worth),
        given=graded_by.given,
        language=spoken.code,
        say=spoken,
        tier=choose_tier(isolation),
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


def review(
    results: Annotated[Path, typer.Argument(help="The folder that grader batch wrote.")],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="On this machine; 0 for a free one.")
    ] = 0,
    isolation: EvidenceIsolation = "auto",
    language: LanguageCode = None,
) -> None:
    """Look through a class in the browser, and decide: overrides, comments, requests for another look."""
    from grader.review.serving import serve
    from grader.sandbox import choose_tier

    serve(results, choose_tier(isolation), port, lambda text: typer.echo(for_terminal(text)), language)


def _pairs(text: str) -> dict[str, str]:
    """`id=…,name=…` as a table."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not sign or not value.strip() for _, sign, value in pairs):
        raise typer.BadParameter("--roster-columns is written id=COLUMN,name=COLUMN,email=COLUMN.")
    return {name.strip(): value.strip() for name, _, value in pairs}

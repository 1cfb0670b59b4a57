"""Options that several commands share, and the exit codes of the contract, section 1."""

from pathlib import Path
from typing import Annotated

import typer

from grader.sandbox.tiers import Isolation

COMPLETE, INCOMPLETE, UNGRADABLE, GRADER_FAILED, INTERRUPTED = 0, 1, 2, 3, 130

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
RubricFile = Annotated[
    Path | None, typer.Option("--rubric", help="Another rubric: a file, or original (core is the usual one).")
]
Only = Annotated[
    list[str] | None, typer.Option("--only", help="Only criteria whose identifier begins so; repeatable.")
]
StageNumber = Annotated[
    int | None, typer.Option("--stage", help="Only what one stage of the lab closes, by its number.")
]
EvidenceIsolation = Annotated[
    Isolation, typer.Option(help="How the evidence is kept apart while it is read, as for check.")
]

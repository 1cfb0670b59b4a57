"""What learners and platforms are given: `release` and `export`."""

from pathlib import Path
from typing import Annotated, Literal, assert_never

import typer

from grader.commands.options import COMPLETE, INCOMPLETE, AssignmentName, RubricFile
from grader.escaping import for_terminal


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
    assignment: AssignmentName = None,
) -> None:
    """Write the learners' copy: skeletons without answers. Files that somebody worked on are left alone, and named."""
    from grader import release as releases
    from grader import release_record as listings

    if assignment is not None:
        if check_only or force:
            raise typer.BadParameter("With --assignment, leave --check and --force out: what is there stays.")
        _release_assignment(assignment, destination)
        return
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
        typer.echo(listings.list_paths(done.worked))
    elif done.worked:
        typer.echo(
            "Someone worked here. These were left as they are:\n" + listings.list_paths(done.worked), err=True
        )
        typer.echo("--force moves them to a dated folder, and writes them again.", err=True)
        raise typer.Exit(INCOMPLETE)
    if not (done.written or done.removed or done.kept):
        typer.echo("Up to date.")


def _release_assignment(named: str, destination: Path) -> None:
    from grader.assignment.assignment import find
    from grader.assignment.handing_out import hand_out

    done = hand_out(find(named), destination)
    for name in done.written:
        typer.echo(for_terminal(f"wrote {name}"))
    if done.kept:
        names = "\n".join(f"  {name}" for name in done.kept)
        typer.echo(
            for_terminal(
                f"These are there, and not as the assignment has them. They were left as they are:\n{names}"
            ),
            err=True,
        )
        raise typer.Exit(INCOMPLETE)
    if not done.written:
        typer.echo("Up to date.")


def export(
    platform: Annotated[
        Literal["gradescope", "github", "classroom50"], typer.Argument(help="For which platform.")
    ],
    destination: Annotated[
        Path, typer.Argument(help="The .zip for Gradescope; a new folder for the others.")
    ],
    rubric: RubricFile = None,
    assignment: AssignmentName = None,
) -> None:
    """Pack the grader for another platform."""
    from grader import export as exports
    from grader import rubric as rubrics
    from grader.assignment.assignment import find

    graded_by = find(assignment)
    if platform == "github":
        if assignment:
            raise typer.BadParameter(
                "The template for GitHub is the lab's own. For another assignment: grader export classroom50 or gradescope, or "
                "grader release --assignment for its learners' copy."
            )
        if rubric:
            raise typer.BadParameter("A template is for learners to read: keep your rubric for grader batch.")
    if rubric:
        graded_by.rubric(rubric)  # a mistake in it shows now, not on the platform
    named = rubrics.BY_NAME.get(str(rubric), rubric) if rubric else None
    match platform:
        case "github":
            done, then = exports.github(destination), "see .github/TEMPLATE.md in it"
        case "classroom50":
            done = exports.classroom50(destination, named, graded_by.folder)
            then = "put it into your classroom50 repository, as CLASSROOM/autograders/ASSIGNMENT/"
        case "gradescope":
            done = exports.gradescope(destination, named, graded_by.folder)
            then = "upload it as the autograder"
        case _:
            assert_never(platform)
    typer.echo(f"wrote {done}: {then}")

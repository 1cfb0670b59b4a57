"""An assignment of one's own: `assignment`."""

from typing import Annotated

import typer

from grader.escaping import for_terminal


def assignment(
    named: Annotated[
        str, typer.Argument(help="The folder with its assignment.toml, or the name of an installed one.")
    ],
) -> None:
    """Read an assignment, and say what it asks and what it is worth; nothing is graded."""
    from grader.assignment.assignment import find

    found = find(named)
    worth = found.rubric().worth
    own = {one.id for one in found.own}
    unused = sorted(own - set(worth))
    requests = sum(max(1, len(one.prompts)) * (2 if one.after else 1) for one in found.declared.question)
    points = sum(each.points for each in worth.values() if not each.extra)
    lines = [
        found.declared.title,
        *([found.declared.about] if found.declared.about else []),
        f"stand-ins: {', '.join(found.declared.stand_ins)}",
        *(f"operation {one.name}: {one.method} {one.path}" for one in found.declared.operation),
        f"questions: {len(found.declared.question)}, sent as {requests} requests",
        f"criteria: {len(own & set(worth))} of its own, {len(set(worth) - own)} of the lab's, {points:g} points",
        *([f"worth nothing, since the rubric does not name them: {', '.join(unused)}"] if unused else []),
        *([f"exercises: {', '.join(found.exercises)}"] if found.exercises else []),
    ]
    for line in lines:
        typer.echo(for_terminal(line))

"""The command `grader`."""

import os
import sys
import traceback
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from classroom.version import version_option
from grader.commands.assignments import assignment
from grader.commands.checking import check, isolation, judge
from grader.commands.classes import batch, review
from grader.commands.materials import export, release
from grader.commands.options import COMPLETE, GRADER_FAILED, INTERRUPTED, UNGRADABLE
from grader.commands.outputs import complain
from grader.errors import EvidenceError, GraderError, ReleaseError, RubricError, SubmissionError

_OURS = ("grader", "classroom")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _options(_: Annotated[bool, version_option("grader")] = False) -> None:
    """Grades submissions of the lab: what was seen, why it matters, where to look."""


for _command in (check, judge, review, release, batch, export, isolation, assignment):
    app.command()(_command)


def _guarded(run: Callable[[], None]) -> int:
    """The exit code; our own errors as one clear line each."""
    try:
        run()
    except SubmissionError as error:
        complain(f"This can't be graded: {error}")
        return UNGRADABLE
    except (RubricError, EvidenceError, ReleaseError, GraderError) as error:
        complain(f"The grader can't go on: {error}")
        return GRADER_FAILED
    except Exception as error:  # a bug of ours must never exit with 1, which says that the learner failed
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] not in _OURS:
            lacks = f"The grader lacks the package {error.name}"
            complain(f"{lacks}: pip install 'openai-files-lab[grader]' installs it.")
            return GRADER_FAILED
        where = "".join(traceback.format_exception(error)) if os.environ.get("GRADER_DEBUG") else ""
        complain(
            f"{where}The grader itself failed, which says nothing of the submission: {type(error).__name__}: {error}"
        )
        complain("Set GRADER_DEBUG=1 and run it again to see where.")
        return GRADER_FAILED
    except KeyboardInterrupt:
        Console(stderr=True).print("Interrupted; nothing was written.")
        return INTERRUPTED
    return COMPLETE


def main() -> None:
    """The entry point: exit codes as in the contract, section 1."""
    sys.exit(_guarded(app))

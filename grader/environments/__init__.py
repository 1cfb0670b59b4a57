"""The Python that a submission runs with: the lab's own, or one built from what the submission declares.

`declared` reads the submission's files, in a sandbox. `build` gets names and versions alone, from outside; it never sees
the submission, and installs wheels of the machine's index.
"""

from pathlib import Path
from typing import Literal

from grader.environments.building import Built, build, cache
from grader.environments.declaration import Declaration
from grader.environments.reading import declared
from grader.errors import EnvironmentUnavailable, SubmissionError

__all__ = [
    "Built",
    "Choice",
    "Declaration",
    "EnvironmentUnavailable",
    "build",
    "cache",
    "declared",
    "python_for",
]

Choice = Literal["lab", "submission"]


def python_for(root: Path) -> Path:
    """The Python of the environment that a submission declares, built if it is not there yet.

    Raises:
        SubmissionError: it declares nothing.
        EnvironmentUnavailable: what it declares can't be had here.
    """
    declaration = declared(root)
    if declaration is None:
        raise SubmissionError(
            "--env submission needs a pyproject.toml with dependencies, or a requirements.txt, at the top of the submission."
        )
    return build(declaration).python

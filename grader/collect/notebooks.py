"""A submission's notebooks, each run from top to bottom in a process of its own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from grader.evidence import NotebookRun, capped
from grader.sandbox import Order, Sandbox
from grader.submission import Submission

NOTEBOOK_SECONDS = 300.0
_MOST = 30  # notebooks of one submission
_MAX_REPORT = 4 * 1024 * 1024
_HIDDEN = re.compile(r"(^|/)(\.[^/]+|__pycache__|node_modules|build|dist)/")


def find(root: Path) -> list[Path]:
    """The notebooks of a submission, in the order of their names."""
    found = sorted(root.rglob("*.ipynb"))
    return [path for path in found if not _HIDDEN.search(path.relative_to(root).as_posix())][:_MOST]


def run(submission: Submission, sandbox: Sandbox) -> Iterator[NotebookRun]:
    """What each notebook did."""
    for path in find(submission.root):
        yield _run(submission, sandbox, path)


def _run(submission: Submission, sandbox: Sandbox, path: Path) -> NotebookRun:
    name = path.relative_to(submission.root).as_posix()
    order = Order(
        do="notebook",
        name="notebook",
        cwd=sandbox.inside(path.parent),
        environment={**sandbox.environment(), "LAB_MODE": "mock", "CI": "true"},
        facts={"path": sandbox.inside(path), "seconds": NOTEBOOK_SECONDS},
    )
    with sandbox.start(order, hears=_MAX_REPORT) as job:
        code = job.wait(NOTEBOOK_SECONDS + 10)
        if code is None:
            return NotebookRun(path=name, failure=f"It did not end within {NOTEBOOK_SECONDS:g} seconds.")
        said, log = job.said(), job.log()
    try:
        return NotebookRun.model_validate({**json.loads(said or b""), "path": name})
    except (ValueError, TypeError, RecursionError):
        last = (log.strip().splitlines() or ["It printed nothing."])[-1]
        return NotebookRun(path=name, failure=f"It could not be run: {capped(last, 300)}")

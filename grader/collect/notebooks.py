"""A submission's notebooks, each run from top to bottom in a process of its own."""

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.collect.process import Child, Order, base_environment
from grader.evidence import NotebookRun, capped
from grader.submission import Submission

NOTEBOOK_SECONDS = 300.0
_MOST = 30  # notebooks of one submission
_MAX_REPORT = 4 * 1024 * 1024
_HIDDEN = re.compile(r"(^|/)(\.[^/]+|__pycache__|node_modules|build|dist)/")


def find(root: Path) -> list[Path]:
    """The notebooks of a submission, in the order of their names."""
    found = sorted(root.rglob("*.ipynb"))
    return [path for path in found if not _HIDDEN.search(path.relative_to(root).as_posix())][:_MOST]


def run(submission: Submission) -> Iterator[NotebookRun]:
    """What each notebook did."""
    for path in find(submission.root):
        yield _run(submission, path)


def _run(submission: Submission, path: Path) -> NotebookRun:
    name = path.relative_to(submission.root).as_posix()
    with tempfile.TemporaryDirectory(prefix="notebook-") as place:
        report = Path(place) / "report.json"
        order = Order(
            do="notebook",
            name="notebook",
            pythonpath=(),
            cwd=path.parent,
            environment={**base_environment(Path(place)), "LAB_MODE": "mock", "CI": "true"},
            facts={"path": str(path), "report": str(report), "seconds": NOTEBOOK_SECONDS},
            python=submission.python,
        )
        with Child(order) as child:
            code = child.wait(NOTEBOOK_SECONDS + 10)
            log = child.log()
        if code is None:
            return NotebookRun(path=name, failure=f"It did not end within {NOTEBOOK_SECONDS:g} seconds.")
        try:
            content = report.read_bytes()
            facts = json.loads(content) if len(content) <= _MAX_REPORT else {}
            return NotebookRun.model_validate({**facts, "path": name})
        except (OSError, ValueError):
            last = (log.strip().splitlines() or ["It printed nothing."])[-1]
            return NotebookRun(path=name, failure=f"It could not be run: {capped(last, 300)}")

"""Hostile submissions, graded from outside: by a worker in a sandbox of its own, as each of a class is."""

import atexit
from collections.abc import Collection
from functools import cache
from pathlib import Path

from grader import rubric
from grader.evidence import Evidence
from grader.judge import Report
from grader.sandbox import Tier
from grader.sandbox.nursery import Nursery
from grader.worker import Nurseries, Wanted, grade
from grader.worker.nurseries import _OF_WORKERS
from tests.grader.grading import nurseries
from tests.hostile import impatient
from tests.sampling import ALL


class _Impatient(Nurseries):
    """Whose workers give an app less time to start; submissions come from where they come otherwise."""

    def of_workers(self) -> Nursery:
        with self._lock:
            return self._of((*_OF_WORKERS, impatient.__name__))

    def of_submissions(self, modules: Collection[str]) -> Nursery | None:
        return nurseries().of_submissions(modules)


@cache
def _impatient_nurseries() -> Nurseries:
    made = _Impatient()
    atexit.register(made.__exit__)
    return made


def graded(
    path: Path, only: tuple[str, ...], tier: Tier, *, impatient: bool = False
) -> tuple[Report, Evidence, str]:
    """The report, the evidence and the page.

    With TESTS=all by a worker that is started for it alone, as `grader check` does; else, behind bubblewrap, by a fork of
    one that is loaded.

    Args:
        path: the submission.
        only: the criteria that matter.
        tier: the wall.
        impatient: for a submission that answers nothing: do not wait for it as long as for another.
    """
    worth = rubric.only(rubric.read(), only)
    loaded = None if ALL or tier != "bubblewrap" else _impatient_nurseries() if impatient else nurseries()
    wanted = Wanted(tier, only=only, rubric=worth, pages=("html",), evidence="files")
    found = grade(str(path), wanted, nurseries=loaded)
    evidence = Evidence.model_validate_json(found.files["evidence.json"])
    return found.report, evidence, found.files["page.html"].decode()

"""What tests of the grader need: a submission, changed in one place, graded in this process."""

import atexit
import shutil
import sys
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from grader import rubric
from grader.collect import collect
from grader.collect.code.imports import worth_loading
from grader.evidence import Evidence
from grader.judge import Report, judge
from grader.sandbox import Sandbox, Tier, choose_tier
from grader.sandbox.nursery import Nursery
from grader.submission import open_submission
from grader.worker import Nurseries

SUBMISSIONS = Path(__file__).parents[1] / "submissions"
ANSWER_KEY = Path(__file__).parents[2] / "answer-key"


@dataclass(frozen=True)
class Change:
    """One text replaced by another in one file of a submission."""

    file: str
    old: str
    new: str


def planted(base: str, place: Path, *changes: Change) -> Path:
    """A copy of a submission with changes; a change that changes nothing is an error of the test."""
    copy = place / base
    leave_out = shutil.ignore_patterns("notebooks", ".ipynb_checkpoints", "__pycache__")
    shutil.copytree(ANSWER_KEY if base == ANSWER_KEY.name else SUBMISSIONS / base, copy, ignore=leave_out)
    for change in changes:
        file = copy / change.file
        text = file.read_text(encoding="utf-8")
        assert text.count(change.old) == 1, (
            f"{change.old!r} stands {text.count(change.old)} times in {change.file}"
        )
        file.write_text(text.replace(change.old, change.new), encoding="utf-8")
    return copy


@cache
def nurseries() -> Nurseries:
    """Of this process: what submissions import is loaded once for many of its tests, as it is for a class."""
    made = Nurseries(usual=1)
    atexit.register(made.__exit__)
    return made


def nursery(work: Path) -> Nursery | None:
    """One that has loaded what a submission imports; None if there is none for it."""
    return nurseries().of_submissions(worth_loading(work)) if choose_tier("auto") == "bubblewrap" else None


def from_nursery(tier: Tier, python: Path, work: Path, *, cold: bool = False) -> Sandbox:
    """A sandbox for a submission, forked from such a process where that can be."""
    forked = nursery(work) if python == Path(sys.executable) and not cold else None
    return Sandbox(tier, python, work, cold=cold, nursery=forked)


def graded(path: Path, *only: str) -> tuple[Report, Evidence]:
    """A submission, graded by the shipped rubric; by the criteria alone that begin so, if any are named."""
    tier = choose_tier("auto")
    with open_submission(str(path), tier=tier) as submission:
        evidence = collect(submission, tier=tier, only=only, open_sandbox=partial(from_nursery, tier))
    return judge(evidence, rubric.only(rubric.read(), only) if only else rubric.read()), evidence


def with_status(report: Report, status: str) -> set[str]:
    """The identifiers of the criteria that have a status."""
    return {result.id for result in report.criteria if result.status == status}

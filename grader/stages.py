"""The lab's stages: which criteria each closes, and how far a submission is."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.errors import RubricError
from grader.judge import Report, Result
from grader.rubric import expand_name

_FILE = Path(__file__).with_name("stages.toml")


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        number: from 1 on.
        title: what it is about; its first words, up to a colon or comma, are its name.
        test: a test that is ready to run, in the lab's folder; it fails until the stage is done.
        read: what helps.
        minutes: how long it takes the first time, about.
        criteria: identifiers of what it closes.
    """

    number: int
    title: str
    test: str
    read: str
    minutes: int
    criteria: tuple[str, ...]

    @property
    def name(self) -> str:
        """The first words of its title."""
        return self.title.partition(":")[0].partition(",")[0]


@dataclass(frozen=True)
class Progress:
    """How far a submission is with a stage. `open`: those of its criteria that were looked at and did not pass."""

    stage: Stage
    passed: int
    open: tuple[Result, ...]

    @property
    def is_done(self) -> bool:
        """Whether all of it passed."""
        return not self.open


@cache
def stages() -> tuple[Stage, ...]:
    """All stages, in their order."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))["stage"]
    return tuple(
        Stage(
            number, **{**table, "criteria": tuple(one for id in table["criteria"] for one in expand_name(id))}
        )
        for number, table in enumerate(tables, 1)
    )


def criteria_of(number: int) -> tuple[str, ...]:
    """The identifiers of the criteria of one stage.

    Raises:
        RubricError: there is no such stage.
    """
    found = next((stage for stage in stages() if stage.number == number), None)
    if found is None:
        raise RubricError(f"There is no stage {number}. The lab has stages 1 to {len(stages())}.")
    return found.criteria


def progress(report: Report) -> tuple[Progress, ...]:
    """How far a submission is, by stage; stages of which nothing was asked for are left out."""
    results = {result.id: result for result in report.criteria}
    found = []
    for stage in stages():
        asked = [results[id] for id in stage.criteria if id in results]
        if asked:
            left = tuple(result for result in asked if result.status != "passed")
            found.append(Progress(stage, len(asked) - len(left), left))
    return tuple(found)


def is_part(report: Report) -> bool:
    """Whether only some of the lab's stages were graded."""
    return 0 < len(progress(report)) < len(stages())


def next_stage(all_of_them: Iterable[Progress]) -> Progress | None:
    """The first stage that is not done; None if all are."""
    return next((each for each in all_of_them if not each.is_done), None)

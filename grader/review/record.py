"""What `grader batch` leaves for a review: the class as rows, and where the evidence of each lies.

Written by the batch, from records that were checked field by field when they came from their workers. Nothing of a
submission is in it beside those records.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, ValidationError

from grader import rubric as rubrics
from grader.assignment.package import Package
from grader.batch.entries import Entry
from grader.errors import GraderError
from grader.evidence import Writable
from grader.files import write as write_file
from grader.judge import Report
from grader.review.applying import undo_decisions
from grader.review.decisions import key_of
from grader.review.similarity import Group
from grader.rubric import Rubric
from grader.sandbox.tiers import Tier

FILE = Path(".grader") / "review.json"


class _Part(Writable):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Attempt(_Part):
    """Work that was handed in before: its digest, where its evidence lies, and how it was judged then."""

    digest: str
    record: str = ""
    score: float | None = None
    criteria: dict[str, str] = Field(default_factory=dict)


class Row(_Part):
    """One learner. `key`: by which decisions know it. `record`: the name of its evidence in the evidence store.

    `unstable`: criteria that the batch before judged otherwise, of the same work. `report`: as the grader judged.
    """

    key: str
    name: str
    submission: str = ""
    state: str
    message: str = ""
    learner_id: str = ""
    page: str = ""
    record: str = ""
    seconds: float = 0.0
    odd: tuple[str, ...] = ()
    tries: int = 0
    unstable: tuple[str, ...] = ()
    report: Report | None = None
    previous: Attempt | None = None

    @property
    def digest(self) -> str:
        """Of the work; empty where it was not graded."""
        return self.report.submission.digest if self.report else ""


class Alike(_Part):
    """A group of rows that are alike, by key; see `grader.review.similarity.Group`."""

    members: tuple[str, ...]
    identical: bool
    closest: dict[str, tuple[str, float]]


class ClassRecord(_Part):
    """A class as the last batch left it. `vault`: where the evidence is kept; `rubric`: as `rubric.as_table` writes it.

    `assignment`: another one than the lab's. `language`: of the learners' pages.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    title: str
    isolation: Tier
    vault: str
    rubric: dict[str, Any]
    assignment: Package | None = None
    language: str = "en"
    written: AwareDatetime
    rows: tuple[Row, ...]
    alike: tuple[Alike, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    def worth(self) -> Rubric:
        """The rubric that it was judged with."""
        return rubrics.from_table(self.rubric)


def rows_of(
    entries: Sequence[Entry], records: Mapping[str, str], before: "ClassRecord | None"
) -> tuple[Row, ...]:
    """The rows, each with the attempt before it.

    Args:
        records: submission → the name of its evidence in the evidence store.
        before: what the last batch left.
    """
    known = {row.key: row for row in before.rows} if before else {}
    rows = []
    for one in entries:
        row = Row(
            key=key_of(one.submission, one.learner.id if one.learner else ""),
            name=one.name,
            submission=one.submission,
            state=one.state,
            message=one.message,
            learner_id=one.learner.id if one.learner else "",
            page=one.page,
            record=records.get(one.submission, ""),
            seconds=one.seconds,
            odd=one.odd,
            tries=one.tries,
            report=undo_decisions(one.report) if one.report else None,
        )
        earlier = known.get(row.key)
        rows.append(
            row.model_copy(update={"previous": _previous(row, earlier), "unstable": _unstable(row, earlier)})
        )
    return tuple(rows)


def _previous(row: Row, before: Row | None) -> Attempt | None:
    if before is None:
        return None
    if before.report is None or before.digest == row.digest:
        return before.previous
    return Attempt(
        digest=before.digest,
        record=before.record,
        score=None if before.report.has_error else before.report.score,
        criteria={result.id: result.status for result in before.report.criteria},
    )


def _unstable(row: Row, before: Row | None) -> tuple[str, ...]:
    if before is None or not row.report or not before.report or before.digest != row.digest:
        return ()
    was = {result.id: result.status for result in before.report.criteria}
    return tuple(
        result.id for result in row.report.criteria if was.get(result.id, result.status) != result.status
    )


def write(
    out: Path,
    rubric: Rubric,
    tier: Tier,
    vault: str,
    entries: Sequence[Entry],
    records: Mapping[str, str],
    groups: Sequence[Group],
    now: datetime,
    assignment: Package | None = None,
    language: str = "en",
) -> None:
    """Leave the class for a review.

    Raises:
        GraderError: it can't be written.
    """
    try:
        before = read(out)
    except GraderError:  # another version's: what was handed in before is not known then
        before = None
    rows = rows_of(entries, records, before)
    keys = {row.submission: row.key for row in rows}
    left = ClassRecord(
        title=rubric.title,
        isolation=tier,
        vault=vault,
        rubric=rubrics.as_table(rubric),
        assignment=assignment,
        language=language,
        written=now,
        rows=rows,
        alike=tuple(
            Alike(
                members=tuple(keys[name] for name in group.members),
                identical=group.identical,
                closest={keys[name]: (keys[other], share) for name, (other, share) in group.closest.items()},
            )
            for group in groups
        ),
    )
    write_file(out / FILE, left.model_dump_json(by_alias=True).encode())


def read(out: Path) -> ClassRecord:
    """What the last batch left in a folder.

    Raises:
        GraderError: there is nothing, or it is another version's.
    """
    file = out / FILE
    try:
        return ClassRecord.model_validate_json(file.read_bytes())
    except OSError as error:
        raise GraderError(
            f"There is nothing to review in {out}. Make it with: grader batch SUBMISSIONS --out {out}"
        ) from error
    except ValidationError as error:
        raise GraderError(
            f"{file} was written by another version of the grader. Run grader batch again: it collects nothing twice."
        ) from error

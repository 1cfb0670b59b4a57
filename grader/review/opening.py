"""Opening what a batch kept: by the results' folder and a learner, or by the record itself."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from grader.assignment.package import Package
from grader.batch import evidence_store
from grader.errors import EvidenceError, GraderError, SubmissionError
from grader.review import record as class_record
from grader.review import store
from grader.review.decisions import ForLearner
from grader.review.record import ClassRecord, Row
from grader.rubric import Rubric
from grader.worker import Graded, Wanted, judge_again

_SUFFIX = ".record"


@dataclass(frozen=True)
class Kept:
    """Evidence of one submission that a batch kept: the name to show, the record, and what a person decided.

    `rubric`, `assignment`, `language`: those that the class was judged with, if they are known.
    """

    name: str
    content: bytes
    decisions: ForLearner | None = None
    rubric: Rubric | None = None
    assignment: Package | None = None
    language: str = "en"


def find_evidence(path: Path, learner: str | None = None) -> Kept | None:
    """The evidence that a path means; None if it is nothing of a batch's.

    Args:
        path: a batch's results, or one `.record` of them.
        learner: whose, by name, by submission or by identifier. It may be left out where only one can be meant.

    Raises:
        EvidenceError: nobody or several are meant, or nothing is kept of them.
        GraderError: the results or the decisions can't be read.
    """
    if path.is_dir() and (path / class_record.FILE).is_file():
        results = path
    elif path.suffix == _SUFFIX and path.is_file():
        results = path.parent.parent.parent
        if not (results / class_record.FILE).is_file():
            return Kept(path.stem, path.read_bytes())
    else:
        return None
    known = class_record.read(results)
    kept = [row for row in known.rows if row.record and (path == results or row.record == path.name)]
    row = _only(kept, learner, path)
    content = path.read_bytes() if path != results else evidence_store.open_vault(known.vault).get(row.record)
    if content is None:
        raise EvidenceError(
            f"The evidence of {row.name} is not in {known.vault} any more. Run grader batch again."
        )
    return Kept(
        row.name,
        content,
        store.read(results).of(row.key),
        known.worth,
        known.assignment,
        known.language,
    )


def _only(rows: list[Row], learner: str | None, path: Path) -> Row:
    if learner is not None:
        wanted = learner.casefold()
        rows = [
            row
            for row in rows
            if wanted in (row.name.casefold(), row.submission.casefold(), row.learner_id.casefold())
        ]
    if len(rows) == 1:
        return rows[0]
    if not rows:
        who = f"of {learner!r} " if learner is not None else ""
        raise EvidenceError(f"{path} keeps no evidence {who}that can be judged.")
    names = ", ".join(f"{row.name} ({row.learner_id or row.submission})" for row in rows[:8])
    more = " …" if len(rows) > 8 else ""
    raise EvidenceError(f"{path} is of several: {names}{more}. Choose one with --learner.")


def judge_evidence(kept: Kept, wanted: Wanted) -> Graded:
    """Judge it again, with what a person decided; a worker reads it, nothing is run.

    Raises:
        SubmissionError: it could not be graded when it was collected.
        EvidenceError: it isn't a record, or was changed.
        GraderError: the worker failed.
    """
    outcome, packed = evidence_store.parse_record(kept.content)
    if outcome.state == "ungradable":
        raise SubmissionError(outcome.message)
    if outcome.state == "error":
        raise GraderError(outcome.message)
    files: dict[str, bytes] = {}
    decisions = {kept.name: kept.decisions} if kept.decisions else {}
    with _stream(packed) as stream:
        [(_, record)] = judge_again(
            [(kept.name, stream)],
            replace(wanted, decisions=decisions),
            lambda name, file, content: files.__setitem__(file, content),
            packed=True,
        )
    if record.report is None:
        raise EvidenceError(record.message)
    return Graded(record.report, files)


@contextmanager
def _stream(content: bytes) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        yield file


def evidence_of(known: ClassRecord, record: str) -> bytes | None:
    """What the evidence store keeps under a record's name; None if it is not there."""
    return evidence_store.open_vault(known.vault).get(record) if record else None

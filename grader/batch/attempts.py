"""Each learner's attempts, run by run: all are kept, and judged by the current rubric.

An attempt is other bytes under the same name. Its record stays in the evidence store, so that looking back runs nothing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from grader.batch import entries
from grader.batch.collecting import Task
from grader.batch.discovery import HandedIn
from grader.batch.entries import Entry
from grader.batch.table import render_csv
from grader.files import write

_FILE = "attempts.json"


class Attempt(BaseModel):
    """`digest`: of what was handed in. `record`: where what was seen of it is kept. `seen`: when a run first met it.
    `submitted`: when the platform says that it came, if it does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str
    record: str
    seen: datetime
    submitted: datetime | None = None
    late: bool = False


_ATTEMPTS: TypeAdapter[dict[str, list[Attempt]]] = TypeAdapter(dict[str, list[Attempt]])
History = Mapping[str, Sequence[Attempt]]


def read_history(state: Path) -> dict[str, list[Attempt]]:
    """What earlier runs met, by submission, the oldest first."""
    try:
        return _ATTEMPTS.validate_json((state / _FILE).read_bytes())
    except (OSError, ValidationError):
        return {}


def keep_history(
    state: Path,
    submissions: Sequence[HandedIn],
    tasks: Mapping[str, Task],
    digests: Mapping[str, str],
    when: Callable[[HandedIn], datetime | None],
    now: datetime,
) -> dict[str, list[Attempt]]:
    """Write down the history with what this run met, and return it.

    Args:
        state: the batch's own folder.
        digests: of each submission that has a task.
        when: when a submission came, as far as that is known.
    """
    history = read_history(state)
    for one in submissions:
        if one.name not in tasks:
            continue
        before = history.setdefault(one.name, [])
        attempt = Attempt(
            digest=digests[one.name],
            record=tasks[one.name].record,
            seen=now,
            submitted=when(one),
            late=one.late,
        )
        known = next((at for at, each in enumerate(before) if each.digest == attempt.digest), None)
        if known is None:
            before.append(attempt)
            continue
        # handed in again as it was: it is the last one once more, and keeps the time of its first coming
        first = before.pop(known)
        before.append(
            attempt.model_copy(update={"seen": first.seen, "submitted": first.submitted or attempt.submitted})
        )
    write(state / _FILE, json.dumps(_ATTEMPTS.dump_python(history, mode="json")).encode())
    return history


def name_of(submission: str, number: int) -> str:
    """By which name an earlier attempt is judged and shown."""
    return f"{submission} (attempt {number})"


def earlier(
    history: History, submissions: Sequence[HandedIn], tasks: Mapping[str, Task]
) -> list[tuple[HandedIn, Task]]:
    """All but the last attempt at each submission, as something to judge."""
    found = []
    for one in submissions:
        task = tasks.get(one.name)
        for number, attempt in enumerate(list(history.get(one.name, ()))[:-1], 1):
            if task is not None:
                name = name_of(one.name, number)
                past = replace(one, name=name, submitted=attempt.submitted or one.submitted)
                found.append((past, replace(task, name=name, record=attempt.record)))
    return found


@dataclass(frozen=True)
class Looked:
    """One learner's attempts: the row of each, the oldest first, and which of them counts."""

    rows: tuple[Entry, ...]
    counts: int

    @property
    def row(self) -> Entry:
        """The one that counts, under the submission's own name."""
        chosen, last = self.rows[self.counts], self.rows[-1]
        if self.counts == len(self.rows) - 1:
            return last
        note = f"Attempt {self.counts + 1} of {len(self.rows)} counts: it has the better grade."
        return replace(
            chosen, submission=last.submission, notes=(*last.notes, note), questions=last.questions
        )


def choose_attempt(rows: Sequence[Entry], which: str) -> Looked:
    """The last attempt; or the best, the later of two as good.

    Args:
        which: "last" or "best"; see `agreement.ClassRecord`.
    """
    last = len(rows) - 1
    if which == "last" or rows[-1].has_error:
        return Looked(tuple(rows), last)
    graded = [(row.grade, at) for at, row in enumerate(rows) if row.grade is not None]
    return Looked(tuple(rows), max(graded, default=(0.0, last))[1])


def table(looked: Sequence[Looked], history: History) -> str:
    """Every attempt of every learner, with what is different from the one before."""
    lines: list[Sequence[object]] = [
        (
            "submission",
            "learner",
            "learner_id",
            "attempt",
            "of",
            "first_seen",
            "submitted",
            "late",
            "status",
            "score",
            "grade",
            "counts",
            "changed",
            "page",
        )
    ]
    for each in looked:
        last = each.rows[-1]
        known = list(history.get(last.submission, ()))
        for at, row in enumerate(each.rows):
            before = entries.remember([each.rows[at - 1]]) if at else {}
            met = known[at] if at < len(known) else None
            lines.append(
                (
                    last.submission,
                    row.name,
                    row.learner.id if row.learner else "",
                    at + 1,
                    len(each.rows),
                    met.seen.isoformat(timespec="seconds") if met else "",
                    row.terms.submitted.isoformat(timespec="seconds") if row.terms.submitted else "",
                    "late" if row.terms.late else "",
                    row.status,
                    row.score,
                    row.grade,
                    "counts" if at == each.counts else "",
                    entries.change(row, next(iter(before.values()))) if at and before else "",
                    row.page,
                )
            )
    return render_csv(lines)

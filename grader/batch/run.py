"""`grader batch`: find, collect what is left, judge everything, write the results."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from grader.assignment.package import Package
from grader.batch import (
    agreement,
    assembling,
    attempts,
    discovery,
    entries,
    evidence_store,
    gradebook,
    intake,
    overview,
    owners,
    pools,
    roster,
)
from grader.batch.agreement import ClassRecord
from grader.batch.collecting import Task
from grader.batch.discovery import HandedIn
from grader.batch.entries import Entry
from grader.batch.evidence_store import Outcome
from grader.batch.pools import Watcher
from grader.batch.roster import Roster
from grader.errors import EvidenceError, GraderError, SubmissionError
from grader.escaping import visible
from grader.files import write
from grader.intake import courier
from grader.report import document
from grader.report.language import ENGLISH, Language
from grader.review import record as class_record
from grader.review import similarity, store
from grader.review.decisions import key_of, now
from grader.rubric import Rubric
from grader.sandbox import Tier
from grader.worker import Record, Wanted, judge_again

_STATE = ".grader"
_LAST = "last.json"


@dataclass(frozen=True)
class Plan:
    """What a batch is to do. `assignment`: another one than the lab's; `given`: fingerprints of what its learners are given."""

    where: str
    out: Path
    rubric: Rubric
    tier: Tier
    environment: Literal["auto", "lab", "submission"] = "auto"
    jobs: int = 1
    dask: str | None = None
    roster: Path | None = None
    roster_columns: Mapping[str, str] = field(default_factory=dict)
    evidence: str | None = None
    retry: bool = False
    class_record: Path | None = None
    assignment: Package | None = None
    given: frozenset[int] = frozenset()
    language: str = "en"
    say: Language = ENGLISH

    @property
    def vault(self) -> str:
        """Where the records are kept."""
        return self.evidence or str((self.out / _STATE / "records").resolve())


def batch(plan: Plan, watcher: Watcher, announce: Callable[[str], None]) -> list[Entry]:
    """Grade a class.

    What has been collected before is not collected again: records are kept by what was handed in and what looks at it.
    A changed rubric judges all of them again.

    Raises:
        SubmissionError: no submissions were found.
        GraderError: the roster, the cluster or the folder for the results can't be used.
    """
    known = roster.read_roster(plan.roster, plan.roster_columns) if plan.roster else Roster()
    found = discovery.sort_out(
        plan.where,
        tier=plan.tier,
        keep=plan.out / _STATE / "download",
        without=(plan.out,),
        known=known.knows,
    )
    announce(f"Intake: {intake.account(found, {})}")
    submissions = found.submissions
    agreed = agreement.read_class_record(plan.class_record or agreement.beside(plan.where))
    plan = replace(plan, rubric=agreement.apply_weights(plan.rubric, agreed.weights))
    whose = owners.match_owners(submissions, known, agreed.answers, agreed.groups)
    for question in whose.questions:
        announce(f"? {question.words}")
    kept = evidence_store.open_vault(plan.vault)
    failed: dict[str, Outcome] = {}
    tasks: dict[str, Task] = {}
    digests: dict[str, str] = {}
    for one in submissions:
        if one.trouble:
            failed[one.name] = Outcome(state="ungradable", message=one.trouble[:2_000])
            continue
        try:
            digest = digests[one.name] = discovery.digest_of(one, plan.tier)
        except SubmissionError as error:
            failed[one.name] = Outcome(state="ungradable", message=str(error)[:2_000])
            continue
        except GraderError as error:
            failed[one.name] = Outcome(state="error", message=str(error)[:2_000])
            continue
        asked = f" {plan.assignment.questions}" if plan.assignment else ""
        record = evidence_store.name_of(digest, f"{plan.environment} {plan.tier}{asked}")
        path = (
            one.path
            if courier.is_repository(one.path) or "://" in one.path
            else str(Path(one.path).resolve())
        )
        tasks[one.name] = Task(
            one.name,
            path,
            record,
            plan.vault,
            plan.environment,
            plan.tier,
            plan.retry,
            one.files,
            plan.assignment,
        )
    left = _without_twins([task for task in tasks.values() if kept.get(task.record) is None])
    announce(
        f"{len(submissions)} submissions; {len(tasks) - len(left)} are collected already, {len(left)} to go."
    )
    if plan.tier == "landlock" and len(left) > 1:
        announce(
            "Behind Landlock, submissions could reach each other's ports: they are graded one at a time."
        )
    outcomes = _Outcomes(watcher)
    watcher.expect(len(left))
    if left and plan.dask:
        pools.on_dask(left, plan.dask, outcomes)
    elif left:
        pools.on_this_machine(left, plan.jobs, outcomes)
    failed |= outcomes.errors(tasks)
    judged = _Judged(plan, kept)
    history = attempts.keep_history(
        plan.out / _STATE,
        submissions,
        {name: task for name, task in tasks.items() if name not in failed},
        digests,
        lambda one: agreement.terms(agreed, one, next(iter(whose.whose.get(one.name, ())), None)).submitted,
        datetime.now(UTC),
    )
    past = attempts.earlier(history, submissions, tasks)
    judged.judge(
        [(one.name, tasks[one.name]) for one in submissions if one.name not in failed]
        + [(one.name, task) for one, task in past],
        [*submissions, *(one for one, _ in past)],
    )
    ended = {
        one.name: failed.get(one.name) or judged.outcomes.get(one.name) or _NOT_COLLECTED
        for one in submissions
    }
    rows, looked = assembling.rows(submissions, ended, judged, whose, agreed, history)
    write(plan.out / "attempts.csv", attempts.table(looked, history).encode())
    troubles = {name: outcome.message for name, outcome in ended.items() if outcome.state == "ungradable"}
    assembling.write_intake(plan.out, intake.account(found, troubles), whose, history)
    return _write(
        plan,
        rows,
        {name: judged.shapes[name] for name in tasks if name in judged.shapes},
        {name: task.record for name, task in tasks.items()},
        known,
        agreed,
        announce,
    )


_NOT_COLLECTED = Outcome(state="error", message="It was not collected.")


class _Judged:
    """Every record that is kept, judged now: workers read the evidence, and what they wrote goes to files."""

    def __init__(self, plan: Plan, kept: evidence_store.Vault) -> None:
        self._plan, self._kept = plan, kept
        self.outcomes: dict[str, Outcome] = {}
        self.records: dict[str, Record] = {}
        self.pages: dict[str, str] = {}
        self.shapes: dict[str, frozenset[int]] = {}

    def judge(self, tasks: Sequence[tuple[str, Task]], submissions: Sequence[HandedIn]) -> None:
        """Judge all of them, and write a page and a report for each."""
        names = _file_names(submissions)
        self.pages = {name: f"reports/{plain}.html" for name, plain in names.items()}
        decisions = store.read(self._plan.out)
        keys = {name: key_of(name) for name, _ in tasks}
        by_learner = decisions.for_learners(keys.values())
        wanted = Wanted(
            self._plan.tier,
            rubric=self._plan.rubric,
            assignment=self._plan.assignment,
            pages=("html",),
            language=self._plan.language,
            decisions={name: by_learner[key] for name, key in keys.items()},
        )
        for name, record in judge_again(self._evidence(tasks), wanted, self._keep, packed=True):
            if record.report is None:
                self.outcomes[name] = Outcome(state="error", message=record.message)
                continue
            self.records[name] = record
            self.shapes[name] = frozenset(record.fingerprints)
            file = (self._plan.out / self.pages[name]).with_suffix(".json")
            write(file, document.render(record.report).encode())

    def _evidence(self, tasks: Sequence[tuple[str, Task]]) -> Iterator[tuple[str, BinaryIO]]:
        for name, task in tasks:
            content = self._kept.get(task.record)
            if content is None:
                continue
            try:
                self.outcomes[name], packed = evidence_store.parse_record(content)
            except EvidenceError as error:
                self.outcomes[name] = Outcome(state="error", message=str(error))
                continue
            if self.outcomes[name].state == "graded":
                with tempfile.TemporaryFile() as file:
                    file.write(packed)
                    file.seek(0)
                    yield name, file

    def _keep(self, name: str, file: str, content: bytes) -> None:
        if file == "page.html":
            write(self._plan.out / self.pages[name], content)


class _Outcomes:
    """Passes on what goes on, and remembers what went wrong."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._wrong: dict[str, Outcome] = {}

    def expect(self, count: int) -> None:
        """See `Watcher`."""
        self._watcher.expect(count)

    def began(self, task: Task) -> None:
        """See `Watcher`."""
        self._watcher.began(task)

    def ended(self, task: Task, outcome: Outcome) -> None:
        """See `Watcher`."""
        if outcome.state == "error":
            self._wrong[task.record] = outcome
        self._watcher.ended(task, outcome)

    def errors(self, tasks: dict[str, Task]) -> dict[str, Outcome]:
        """By submission; the same work, handed in twice, fails for both."""
        return {name: self._wrong[task.record] for name, task in tasks.items() if task.record in self._wrong}


def _without_twins(tasks: Sequence[Task]) -> list[Task]:
    """What is the same to the byte is looked at once."""
    return list({task.record: task for task in reversed(tasks)}.values())[::-1]


def _write(
    plan: Plan,
    rows: list[Entry],
    shapes: Mapping[str, frozenset[int]],
    records: Mapping[str, str],
    known: Roster,
    agreed: ClassRecord,
    announce: Callable[[str], None],
) -> list[Entry]:
    """Write what is known of the class, the gradebook last: its presence means that the rest is there.

    `records`: submission → the name of its evidence in the evidence store.
    """
    digests = {row.submission: row.report.submission.digest for row in rows if row.report}
    groups = similarity.groups(shapes, digests, similarity.given() | plan.given)
    likes = similarity.likes(groups)
    names = entries.called(rows)
    before = _before(plan.out)
    done: list[Entry] = []
    for row in entries.sort_entries(rows):
        others = tuple(names[each] for each in likes.get(row.submission, ()))
        changed = entries.change(row, before.get(row.submission)) if before is not None else ""
        done.append(replace(row, likes=others, change=changed if row.submission else ""))
    title = plan.rubric.title
    class_record.write(
        plan.out,
        plan.rubric,
        plan.tier,
        plan.vault,
        done,
        records,
        groups,
        now(),
        plan.assignment,
        plan.language,
    )
    write(plan.out / "index.html", overview.render(done, title, plan.tier).encode())
    assembling.write_exports(plan.out, done, title, known, agreed.assignment, announce, plan.say)
    write(plan.out / "gradebook.csv", gradebook.gradebook(done).encode())
    write(plan.out / _STATE / _LAST, json.dumps(entries.remember(done)).encode())
    return done


def _file_names(submissions: Sequence[HandedIn]) -> dict[str, str]:
    """A name for each one's page that every system takes, and nobody else has."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for one in submissions:
        plain = re.sub(r"[^\w-]+", "-", visible(one.name)).strip("-")[:60] or "submission"
        name, number = plain, 2
        while name.casefold() in taken:
            name, number = f"{plain}-{number}", number + 1
        taken.add(name.casefold())
        names[one.name] = name
    return names


def _before(out: Path) -> dict[str, dict[str, object]] | None:
    try:
        found = json.loads((out / _STATE / _LAST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None

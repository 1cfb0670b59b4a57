"""The class as rows: one learner each, from records that are judged again every time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grader.batch.agreement import Terms
from grader.batch.discovery import HandedIn
from grader.batch.evidence_store import Outcome, State
from grader.batch.names import sortable
from grader.batch.platforms import Label
from grader.batch.roster import Learner
from grader.judge import Report
from grader.worker.records import Record


@dataclass(frozen=True)
class Entry:
    """One learner's row, or that of a submission whose owner is not known.

    `report` is None unless it was graded. `likes`: whose work is nearly the same. `odd`: what its tests do that tests
    seldom do. `questions`: what only a person can say of whose it is. `notes`: what a person should know of how it was
    handed in. `label`: what the platform called it. `terms`: how its points become a
    grade. `is_group`: whether several handed it in together.
    """

    name: str
    submission: str
    state: State | str
    message: str = ""
    learner: Learner | None = None
    report: Report | None = None
    page: str = ""
    seconds: float = 0.0
    likes: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    change: str = ""
    tries: int = 0
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    label: Label | None = None
    terms: Terms = field(default_factory=Terms)
    is_group: bool = False

    @property
    def has_error(self) -> bool:
        """Whether this says nothing of the learner, and must be run again."""
        return self.state == "error" or (self.report is not None and self.report.has_error)

    @property
    def status(self) -> str:
        """One word for the row."""
        if self.has_error:
            return "error"
        if self.report is None:
            return self.state
        return "complete" if self.report.complete else "incomplete"

    @property
    def score(self) -> float | None:
        """The points; None where there is no judgement, which is never a 0."""
        return None if self.report is None or self.has_error else self.report.score

    @property
    def grade(self) -> float | None:
        """The points by the class record: less what lateness costs, on its scale; None where there is no judgement."""
        if self.score is None or self.report is None:
            return None
        return self.terms.grade(self.score, self.report.max_score)

    @property
    def out_of(self) -> float | None:
        """What the grade could be at most, extra credit aside."""
        return self.terms.out_of(self.report.max_score) if self.report else None

    @property
    def passed(self) -> str:
        """ "yes" or "no" by the class record's pass mark; empty where it has none, or there is no grade."""
        if self.terms.pass_mark is None or self.grade is None:
            return ""
        return "yes" if self.grade >= self.terms.pass_mark else "no"

    @property
    def trouble(self) -> str:
        """What the grader could not do, where and why; empty if it had no trouble."""
        if not self.has_error or self.report is None:
            return self.message if self.has_error else ""
        first = next(result for result in self.report.criteria if result.status == "error")
        return f"{first.id}: {first.summary}"

    @property
    def wants_a_look(self) -> str:
        """Why a person should look at it; empty if nobody needs to."""
        if self.tries > 1:
            return f"Its worker was lost {self.tries} times: a person has to look. {self.message} To try once more: --retry."
        if self.has_error:
            return "The grader failed. Run the batch again; if it stays, look at the submission."
        if self.state == "unclear":
            return self.message
        if self.questions:
            return " ".join(self.questions)
        if self.state == "ungradable":
            return " ".join(dict.fromkeys((self.message, *self.notes)))
        if self.state == "missing":
            return "On the roster, and nothing was handed in."
        if self.terms.question or self.notes:
            return " ".join(each for each in (self.terms.question, *self.notes) if each)
        if self.likes:
            more = f" and {len(self.likes) - 5} more" if len(self.likes) > 5 else ""
            return f"Much of its code has the same shape as that of {', '.join(self.likes[:5])}{more}. Ask, before you judge."
        if self.odd:
            return f"Its tests do what tests seldom do ({'; '.join(self.odd[:3])}). Read them before you trust their result."
        if self.report is not None and self.report.outdated:
            return (
                f"A person changed {', '.join(self.report.outdated)} of work that was handed in earlier. "
                "This is other work: look again."
            )
        if self.report is not None and any(
            result.id == "endpoint.starts" and result.status == "failed" for result in self.report.criteria
        ):
            return "Its endpoint was not found: the page says what was tried."
        return ""


def entry(
    one: HandedIn,
    outcome: Outcome,
    record: Record | None,
    learner: Learner | None,
    question: str = "",
    note: str = "",
) -> Entry:
    """The row of a submission: how collecting it went, and what judging it gave."""
    return Entry(
        name=learner.name if learner else one.title,
        submission=one.name,
        state=outcome.state,
        message=outcome.message,
        learner=learner,
        report=record.report if record is not None else None,
        seconds=outcome.seconds,
        odd=record.odd if record is not None else (),
        tries=outcome.tries,
        questions=(question,) if question else (),
        notes=(*one.notes, *((note,) if note else ())),
        label=one.label,
    )


def missing(learner: Learner) -> Entry:
    """The row of someone who handed in nothing."""
    return Entry(name=learner.name, submission="", state="missing", learner=learner)


def unclear(learner: Learner, why: str) -> Entry:
    """The row of someone who may have handed in something after all."""
    return Entry(name=learner.name, submission="", state="unclear", learner=learner, message=why)


_FIRST = {"error": 0, "ungradable": 1, "unclear": 1}


def called(entries: Sequence[Entry]) -> dict[str, str]:
    """Submission → by which name to speak of it: its learner's, with the identifier where two learners have one name."""
    names = {one.submission: one.label.name if one.label and not one.learner else one.name for one in entries}
    often = Counter(names[one.submission] for one in entries)
    return {
        one.submission: f"{names[one.submission]} ({one.learner.id})"
        if one.learner and often[names[one.submission]] > 1
        else names[one.submission]
        for one in entries
    }


def sort_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Sort rows: what the grader could not do first, then by name."""
    return sorted(entries, key=lambda one: (_FIRST.get(one.status, 2), sortable(one.name), one.submission))


def remember(entries: Sequence[Entry]) -> dict[str, dict[str, object]]:
    """What the next run needs to say what has changed."""
    return {
        one.submission: {
            "score": one.score,
            "status": one.status,
            "criteria": {result.id: result.status for result in one.report.criteria} if one.report else {},
        }
        for one in entries
        if one.submission
    }


def change(one: Entry, before: Mapping[str, object] | None) -> str:
    """What is different from the last run, in a sentence; empty if nothing is."""
    if before is None:
        return "new"
    changes = []
    if before.get("status") != one.status:
        changes.append(f"was {before.get('status')}")
    if before.get("score") != one.score:
        was = before.get("score")
        changes.append("had no score" if was is None else f"had {was:g} points")
    known = before.get("criteria")
    if one.report and isinstance(known, Mapping):
        now = {result.id: result.status for result in one.report.criteria}
        differ = [id for id, status in now.items() if id in known and known[id] != status]
        if differ:
            changes.append(f"different: {', '.join(differ[:5])}{' …' if len(differ) > 5 else ''}")
    return "; ".join(changes)

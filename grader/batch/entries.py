"""The class as rows: what was said of each learner, from records that are judged anew every time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.batch.handed_in import HandedIn
from grader.batch.roster import Learner
from grader.batch.vault import Outcome, State
from grader.judge import Report
from grader.worker.records import Record


@dataclass(frozen=True)
class Entry:
    """One learner's row. `report` is None unless it was graded; `likes`: whose work is nearly the same; `odd`: what
    its tests do that tests seldom do."""

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
    def wants_a_look(self) -> str:
        """Why a person should look at it; empty if nobody needs to."""
        if self.tries > 1:
            return f"Its worker was lost {self.tries} times: a person has to look. {self.message} To try once more: --retry."
        if self.has_error:
            return "The grader failed. Run the batch again; if it stays, look at the submission."
        if self.state == "ungradable":
            return self.message
        if self.state == "missing":
            return "On the roster, and nothing was handed in."
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


def entry(one: HandedIn, outcome: Outcome, record: Record | None, learner: Learner | None) -> Entry:
    """The row of a submission: how collecting it went, and what judging it gave."""
    return Entry(
        name=learner.name if learner else one.name,
        submission=one.name,
        state=outcome.state,
        message=outcome.message,
        learner=learner,
        report=record.report if record is not None else None,
        seconds=outcome.seconds,
        odd=record.odd if record is not None else (),
        tries=outcome.tries,
    )


def missing(learner: Learner) -> Entry:
    """The row of someone who handed in nothing."""
    return Entry(name=learner.name, submission="", state="missing", learner=learner)


_FIRST = {"error": 0, "ungradable": 1}


def ordered(entries: Sequence[Entry]) -> list[Entry]:
    """What the grader could not do first, then by name."""
    return sorted(entries, key=lambda one: (_FIRST.get(one.status, 2), one.name.casefold(), one.submission))


def remembered(entries: Sequence[Entry]) -> dict[str, dict[str, object]]:
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
    said = []
    if before.get("status") != one.status:
        said.append(f"was {before.get('status')}")
    if before.get("score") != one.score:
        was = before.get("score")
        said.append("had no score" if was is None else f"had {was:g} points")
    known = before.get("criteria")
    if one.report and isinstance(known, Mapping):
        now = {result.id: result.status for result in one.report.criteria}
        differ = [id for id, status in now.items() if id in known and known[id] != status]
        if differ:
            said.append(f"different: {', '.join(differ[:5])}{' …' if len(differ) > 5 else ''}")
    return "; ".join(said)

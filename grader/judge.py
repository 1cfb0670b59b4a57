"""From evidence to a report: pure, repeatable, and running nothing."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import ConfigDict, Field

from grader import __version__
from grader.criteria import ALL, SECTIONS, Criterion, Verdict
from grader.criteria.places import where
from grader.criteria.reported import reported
from grader.evidence import Evidence, Submission, Writable
from grader.messages import Message, message_of, sentence
from grader.next_step import empty_file, next_step
from grader.rubric import Rubric

Status = Literal["passed", "failed", "not_run", "error"]


class Overridden(Writable):
    """What the grader judged where a person decided otherwise, and the person's reason."""

    model_config = ConfigDict(frozen=True)

    status: Status
    points: float
    reason: str


class Answered(Writable):
    """A learner's request for another look, at one criterion or at the whole, and the answer, if there is one yet."""

    model_config = ConfigDict(frozen=True)

    criterion: str
    asked: str
    answer: str = ""


class Messages(Writable):
    """The sentences of a verdict as messages, by which other languages have them; None for one that is text alone."""

    model_config = ConfigDict(frozen=True)

    summary: Message | None = None
    advice: tuple[Message | None, ...] = ()


class Result(Writable):
    """One criterion of a report; the contract, section 4.

    `messages`: None for what a person or an earlier version wrote, which is shown as it is. It is no part of the document.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    section: str
    title: str
    required: bool
    status: Status
    points: float
    max_points: float
    summary: str
    hint: str
    evidence: tuple[str, ...]
    advice: tuple[str, ...]
    extra: bool = False
    where: str = ""
    overridden: Overridden | None = None
    comments: tuple[str, ...] = ()
    messages: Messages | None = None


class Report(Writable):
    """The judgement of a submission; the contract, section 4. `requests`: how many were sent to its app.

    `begin_with`: the skeleton's file that is still empty, if nothing was done yet. `comments` to `outdated` are a person's (see `grader.review.applying`); `outdated`: criteria that were overridden for
    work handed in earlier.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_version: Literal[1] = Field(default=1, alias="schema")
    submission: Submission
    score: float
    max_score: float
    complete: bool
    criteria: tuple[Result, ...]
    isolation: str
    grader: str
    seconds: float
    requests: int = 0
    rubric: str
    pass_mark: float | None = None
    sections: dict[str, str] = Field(default_factory=dict)
    begin_with: str = ""
    next_step: str = ""
    comments: tuple[str, ...] = ()
    answers: tuple[Answered, ...] = ()
    how_to_ask: str = ""
    outdated: tuple[str, ...] = ()

    @property
    def has_error(self) -> bool:
        """Whether the grader itself failed somewhere: such a report is no judgement of the learner's."""
        return any(result.status == "error" for result in self.criteria)


def _verdict(criterion: Criterion, evidence: Evidence, verdicts: dict[str, Verdict]) -> Verdict:
    if evidence.only and not criterion.id.startswith(evidence.only):
        return Verdict("not_run", sentence("It was not asked for when the evidence was collected."))
    missing = [need for need in criterion.needs if verdicts[need].status != "passed"]
    if missing:
        return Verdict(
            "not_run", sentence("Depends on {criterion}, which did not pass.", criterion=missing[0])
        )
    try:
        return _unless_withheld(criterion.judge(evidence), evidence)
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        return Verdict("error", sentence("The grader failed while judging this: {error}", error=words))


def _unless_withheld(verdict: Verdict, evidence: Evidence) -> Verdict:
    """The verdict; an error where it would fail for an answer in whose way the grader itself stood."""
    reasons = {one.id: one.withheld for one in evidence.exchanges if one.withheld}
    ours = next((reasons[id] for id in verdict.evidence if id in reasons), None)
    if verdict.status != "failed" or ours is None:
        return verdict
    words = sentence("It can't be judged: {reason}.", reason=reported(ours))
    return Verdict("error", words, verdict.evidence, verdict.advice)


def _messages_of(verdict: Verdict) -> Messages | None:
    summary, advice = message_of(verdict.summary), tuple(message_of(each) for each in verdict.advice)
    return Messages(summary=summary, advice=advice) if summary or any(advice) else None


def judge(
    evidence: Evidence,
    rubric: Rubric,
    criteria: Sequence[Criterion] | None = None,
    sections: Mapping[str, str] = SECTIONS,
) -> Report:
    """Judge evidence under a rubric; a criterion that the rubric doesn't name is left out.

    Args:
        evidence: what was seen.
        rubric: what each criterion is worth.
        criteria: an assignment's; the lab's, if they are left out.
        sections: their titles, in the order of the report.
    """
    criteria = ALL if criteria is None else criteria
    titles = {**sections, **rubric.sections}
    verdicts: dict[str, Verdict] = {}
    for criterion in criteria:
        verdicts[criterion.id] = _verdict(criterion, evidence, verdicts)
    one_of = {id for id, worth in rubric.worth.items() if worth.required == "one" and id in verdicts}
    one_passed = any(verdicts[id].status == "passed" for id in one_of)
    results = []
    order = {section: at for at, section in enumerate(titles)}
    for criterion in sorted(criteria, key=lambda one: order.get(one.section, len(order))):
        worth = rubric.worth.get(criterion.id)
        if worth is None:
            continue
        verdict = verdicts[criterion.id]
        # where one of several is enough, the others are asked for only while none has passed
        needed = verdict.status == "passed" or not one_passed
        required = worth.required is True or (worth.required == "one" and needed)
        results.append(
            Result(
                id=criterion.id,
                section=criterion.section,
                title=criterion.title,
                required=required,
                status=verdict.status,
                points=worth.points if verdict.status == "passed" else 0.0,
                max_points=worth.points,
                summary=verdict.summary,
                hint=criterion.hint,
                evidence=verdict.evidence,
                advice=verdict.advice,
                extra=worth.extra,
                where=where(evidence, criterion.id, verdict),
                messages=_messages_of(verdict),
            )
        )
    return Report(
        submission=evidence.submission,
        score=sum(result.points for result in results),
        max_score=sum(result.max_points for result in results if not result.extra),
        complete=all(result.status == "passed" for result in results if result.required),
        criteria=tuple(results),
        isolation=evidence.isolation,
        grader=__version__,
        seconds=evidence.seconds,
        requests=sum(exchange.sent for exchange in evidence.exchanges),
        rubric=rubric.title,
        pass_mark=rubric.pass_mark,
        sections=titles,
        begin_with=empty_file(evidence),
        next_step=next_step(results, empty_file(evidence), titles),
    )


def merge(last: Report, now: Report, families: tuple[str, ...]) -> Report:
    """A report with some of its criteria judged again.

    Args:
        last: the whole report.
        now: a later one, of the criteria whose identifiers begin with one of `families`, at least.
    """
    judged = {result.id: result for result in now.criteria if result.id.startswith(families)}
    results = tuple(judged.get(result.id, result) for result in last.criteria)
    return last.model_copy(
        update={
            "submission": now.submission,
            "score": sum(result.points for result in results),
            "complete": all(result.status == "passed" for result in results if result.required),
            "criteria": results,
            "seconds": now.seconds,
            "begin_with": now.begin_with,
            "next_step": now.next_step,
            "requests": now.requests,
        }
    )

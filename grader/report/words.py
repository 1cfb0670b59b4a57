"""Words that every form of the report shares."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar

from grader.next_step import next_step as step
from grader.report.language import ENGLISH, Language

if TYPE_CHECKING:
    from grader.judge import Report, Result


class _Judged(Protocol):
    @property
    def section(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def extra(self) -> bool: ...


_A_WHOLE_SECTION = 4  # criteria

_Result = TypeVar("_Result", bound=_Judged)


def select_shown(results: Iterable[_Result]) -> list[_Result]:
    """Without extra credit that nobody asked for: an extension that was not taken is no line in a report.

    One of which nothing holds, such as a module that is as the lab left it, was not taken.
    """
    given = list(results)
    taken = {result.section for result in given if result.extra and result.status == "passed"}
    begun = [
        result for result in given if not result.extra or result.section in taken or _is_alone(result, given)
    ]
    return [result for result in begun if not (result.extra and result.status == "not_run")]


def _is_alone(result: _Judged, given: Iterable[_Judged]) -> bool:
    """Whether an extra is one of few: a whole section that fails is one that nobody began."""
    return sum(other.section == result.section for other in given) < _A_WHOLE_SECTION


VERDICTS = {"passed": "passed", "failed": "failed", "not_run": "not run", "error": "error"}
_MARKS = {"passed": "✓", "failed": "✗", "not_run": "–", "error": "!"}


def add_sign(status: str, say: Language = ENGLISH) -> str:
    """A status with its sign, such as "✓ passed"."""
    return f"{_MARKS[status]} {say(VERDICTS[status])}"


def next_step(report: "Report", say: Language = ENGLISH) -> str:
    """The one thing to do next, in another language than the report has it."""
    if say.code == ENGLISH.code or not report.next_step:
        return report.next_step
    return step(report.criteria, report.begin_with, report.sections, say)


def remarks(result: "Result", say: Language = ENGLISH) -> list[str]:
    """What a person added to a criterion: the override with its reason, and the comments, a sentence or more each."""
    before = result.overridden
    changed = (
        [
            say(
                "Changed by a person: {reason} (The grader: {verdict}, {points:g} points.)",
                reason=before.reason,
                verdict=say(VERDICTS[before.status]),
                points=before.points,
            )
        ]
        if before
        else []
    )
    return [*changed, *(say("Comment: {text}", text=each) for each in result.comments)]


def closing(report: "Report", say: Language = ENGLISH) -> list[str]:
    """What a person added to the whole: comments, requests with their answers, and how to ask for another look."""
    lines = [say("Comment: {text}", text=each) for each in report.comments]
    for each in report.answers:
        about = f" ({each.criterion})" if each.criterion else ""
        lines.append(say("You asked{about}: {text}", about=about, text=each.asked))
        lines.append(say("Answer: {text}", text=each.answer) if each.answer else say("Answer: not yet."))
    return [*lines, report.how_to_ask] if report.how_to_ask else lines

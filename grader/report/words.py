"""Words that every form of the report shares."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar

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


def shown(results: Iterable[_Result]) -> list[_Result]:
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


_VERDICTS = {"passed": "passed", "failed": "failed", "not_run": "not run", "error": "error"}


def remarks(result: "Result") -> list[str]:
    """What a person added to a criterion: the override with its reason, and the comments, a sentence or more each."""
    before = result.overridden
    changed = (
        [
            f"Changed by a person: {before.reason} (The grader: {_VERDICTS[before.status]}, {before.points:g} points.)"
        ]
        if before
        else []
    )
    return [*changed, *(f"Comment: {each}" for each in result.comments)]


def closing(report: "Report") -> list[str]:
    """What a person added to the whole: comments, requests with their answers, and how to ask for another look."""
    said = [f"Comment: {each}" for each in report.comments]
    for each in report.answers:
        about = f" ({each.criterion})" if each.criterion else ""
        said.append(f"You asked{about}: {each.asked}")
        said.append(f"Answer: {each.answer}" if each.answer else "Answer: not yet.")
    return [*said, report.how_to_ask] if report.how_to_ask else said

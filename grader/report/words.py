"""Words that every form of the report shares."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from grader.judge import Report, Result


class _Judged(Protocol):
    @property
    def status(self) -> str: ...
    @property
    def extra(self) -> bool: ...


_Result = TypeVar("_Result", bound=_Judged)


def shown(results: Iterable[_Result]) -> list[_Result]:
    """Without extra credit that nobody asked for: an extension that was not taken is no line in a report."""
    return [result for result in results if not (result.extra and result.status == "not_run")]


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

"""Words that every form of the report shares."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


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

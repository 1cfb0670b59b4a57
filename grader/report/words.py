"""Words that every form of the report shares."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class _Judged(Protocol):
    @property
    def status(self) -> str: ...
    @property
    def extra(self) -> bool: ...


_Result = TypeVar("_Result", bound=_Judged)


def shown(results: Iterable[_Result]) -> list[_Result]:
    """Without extra credit that nobody asked for: an extension that was not taken is no line in a report."""
    return [result for result in results if not (result.extra and result.status == "not_run")]

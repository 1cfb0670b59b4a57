"""The one thing to do next: the first required criterion that is open, with its cause and the file to open."""

from collections.abc import Sequence
from typing import Protocol

from grader.evidence import Evidence

_LONGEST = 300  # characters of what was seen that one sentence can hold


class _Judged(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def status(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def hint(self) -> str: ...
    @property
    def where(self) -> str: ...


def next_step(results: Sequence[_Judged], evidence: Evidence) -> str:
    """One sentence or two, for the author; empty where nothing required is open."""
    open_ = [each for each in results if each.required and each.status in ("failed", "not_run")]
    if not open_:
        return ""
    untouched = evidence.scans.untouched
    if untouched and not evidence.offers:
        return f"{untouched[0]} is still empty: begin there."
    first = next((each for each in open_ if each.status == "failed"), open_[0])
    # what could not be asked comes first where nothing before it explains why
    first = open_[0] if open_[0].status == "not_run" and not _depends(open_[0]) else first
    title, seen = first.title, _shortened(first.summary)
    if first.status == "not_run":
        return f"“{title}” could not be looked at yet: {seen} {first.hint}"
    file = first.where.partition(", ")[0]
    where = f" Open {first.where.partition(': ')[0]}." if file else f" {first.hint}"
    return f"“{title}” is open: {seen}{where}"


def _depends(result: _Judged) -> bool:
    return result.summary.startswith(("Depends on", "Not offered"))


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        return f"{text[:_LONGEST]} …"
    return text if text.endswith((".", "!", "?")) else f"{text}."

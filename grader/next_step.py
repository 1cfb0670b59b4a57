"""The one thing to do next: the first required criterion that is open, with its cause and the file to open."""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from grader.evidence import Evidence

_LONGEST_ERROR = 160  # characters of an exception
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
    @property
    def advice(self) -> tuple[str, ...]: ...


def next_step(results: Sequence[_Judged], evidence: Evidence, sections: Mapping[str, str]) -> str:
    """One sentence or two, for the author; empty where nothing required is open. `sections`: their titles, by name."""
    ours = next((each for each in results if each.required and each.status == "error"), None)
    open_ = [each for each in results if each.required and each.status in ("failed", "not_run")]
    if ours and ours.id == "endpoint.starts":
        return f"The grader could not start your app, which counts nothing against you: {_shortened(ours.summary)}"
    if not open_:
        return ""
    untouched = evidence.scans.untouched
    if untouched and not evidence.offers:
        return f"{untouched[0]} is still empty: begin there."
    first = next((each for each in open_ if each.status == "failed"), open_[0])
    # what could not be asked comes first where nothing before it explains why
    first = open_[0] if open_[0].status == "not_run" and not _depends(open_[0]) else first
    seen, section = _shortened(first.summary), sections[first.id.partition(".")[0]]
    if first.status == "not_run":
        return f"“{first.title}” could not be looked at yet: {seen} {_advised(first)}"
    place, _, error = first.where.partition(": ")
    if error[:_LONGEST_ERROR] in " ".join(first.summary.split()):
        error = ""
    error = error.strip() if len(error) <= _LONGEST_ERROR else f"{error[:_LONGEST_ERROR].strip()} …"
    where = f"Open {place}{f' ({error})' if error else ''}." if place else first.hint
    return f"{section}: {seen} {where}"


def _advised(result: _Judged) -> str:
    """What to do about it: what is advised of this work, or else what helps with such a criterion in general."""
    first = result.advice[0].partition("\n")[0] if result.advice else result.hint
    return first if first.endswith((".", "!", "?")) else f"{first.rstrip(':')}: see below."


def _depends(result: _Judged) -> bool:
    return result.summary.startswith(("Depends on", "Not offered"))


def _shortened(text: str) -> str:
    """The first thing that was seen: what else was, and what was expected, is said below."""
    text, _, expected = " ".join(text.split()).partition(" Expected: ")
    ends = (at.start() for at in re.finditer("; ", text))
    end = next((at for at in ends if text.count("(", 0, at) == text.count(")", 0, at)), len(text))
    text = text[:end]
    if len(text) > _LONGEST:
        return f"{text[:_LONGEST]} …"
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    return f"{text} Expected: {expected}" if expected and len(text) + len(expected) <= _LONGEST else text

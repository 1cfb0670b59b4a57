"""The one next step: the first required criterion that is open, its cause, and the file to open."""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from grader.evidence import Evidence
from grader.messages import Message, rendered

_LONGEST_ERROR = 160  # characters of an exception
_LONGEST = 300  # characters of what was seen that one sentence can hold


class _Messages(Protocol):
    @property
    def summary(self) -> Message | None: ...
    @property
    def advice(self) -> tuple[Message | None, ...]: ...


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
    @property
    def messages(self) -> _Messages | None: ...


class Says(Protocol):
    """A language: see `grader.report.language.Language`."""

    def __call__(self, text: str, /, **fields: object) -> str: ...


def in_english(text: str, /, **fields: object) -> str:
    """The text as it is, its places filled in."""
    return text.format(**fields) if fields else text


def empty_file(evidence: Evidence) -> str:
    """The file of the skeleton in which to begin, if nothing was written and nothing generates; else nothing."""
    return evidence.scans.untouched[0] if evidence.scans.untouched and not evidence.offers else ""


def next_step(
    results: Sequence[_Judged], begin_with: str, sections: Mapping[str, str], say: Says = in_english
) -> str:
    """One sentence or two, for the author; empty where nothing required is open.

    Args:
        results: all criteria of a report.
        begin_with: the file that is still empty, if nothing was done yet.
        sections: their titles, by name.
        say: the language.
    """
    ours = next((each for each in results if each.required and each.status == "error"), None)
    open_ = [each for each in results if each.required and each.status in ("failed", "not_run")]
    if ours and ours.id == "endpoint.starts":
        return say(
            "The grader could not start your app. That does not count against you: {seen}",
            seen=_seen(ours, say),
        )
    if not open_:
        return ""
    if begin_with:
        return say("{file} is still empty: begin there.", file=begin_with)
    first = next((each for each in open_ if each.status == "failed"), open_[0])
    # what could not be asked comes first where nothing before it explains why
    first = open_[0] if open_[0].status == "not_run" and not _depends(open_[0]) else first
    seen, section = _seen(first, say), say(sections[first.id.partition(".")[0]])
    if first.status == "not_run":
        return say(
            "“{title}” could not be looked at yet: {seen} {hint}",
            title=say(first.title),
            seen=seen,
            hint=_advised(first, say),
        )
    place, _, error = first.where.partition(": ")
    if error[:_LONGEST_ERROR] in " ".join(first.summary.split()):
        error = ""
    error = error.strip() if len(error) <= _LONGEST_ERROR else f"{error[:_LONGEST_ERROR].strip()} …"
    shown = f"{place} ({error})" if error else place
    where = say("Open {place}.", place=shown) if place else _advised(first, say)
    if "ModuleNotFoundError" in first.where and _is_a_sentence(first.advice):
        where = _first_advice(first, say)  # what is missing is not where it shows
    return f"{section}: {seen} {where}"


def _advised(result: _Judged, say: Says) -> str:
    """What to do about it: what is advised of this work, or else what helps with such a criterion in general."""
    if not result.advice:
        return say(result.hint)
    first = _first_advice(result, say).partition("\n")[0]
    return first if first.endswith((".", "!", "?")) else say("{advice}: see below.", advice=first.rstrip(":"))


def _first_advice(result: _Judged, say: Says) -> str:
    message = result.messages.advice[0] if result.messages and result.messages.advice else None
    return rendered(message, say) if message else result.advice[0]


def _seen(result: _Judged, say: Says) -> str:
    """The first thing that was seen, in a language."""
    message = result.messages.summary if result.messages else None
    if message is None or rendered(message, say) == result.summary:
        return _shorten(result.summary)
    return _shorten(rendered(message.fields.get("findings", message), say))


def _is_a_sentence(advice: Sequence[str]) -> bool:
    return bool(advice) and "\n" not in advice[0] and advice[0].endswith(".")


def _depends(result: _Judged) -> bool:
    return result.summary.startswith(("Depends on", "Not offered"))


def _shorten(text: str) -> str:
    """The first thing that was seen; the rest, and what was expected, is shown below."""
    text, _, expected = " ".join(text.split()).partition(" Expected: ")
    ends = (at.start() for at in re.finditer("; ", text))
    end = next((at for at in ends if text.count("(", 0, at) == text.count(")", 0, at)), len(text))
    text = text[:end]
    if len(text) > _LONGEST:
        return f"{text[:_LONGEST]} …"
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    return f"{text} Expected: {expected}" if expected and len(text) + len(expected) <= _LONGEST else text

"""Starts that failed for want of what the grader itself could not install: its limit, and no fault of the work."""

import re

from grader.evidence import Evidence
from grader.messages import joined, sentence

_UNFIT = re.compile(r"([\w.-]{1,200}) (?:is left out: it does not fit here|has no wheel for)\b")
_LEFT_OUT = re.compile(r"([\w.-]{1,200}) is left out: it (?:does not fit here|has no wheel)\b")
_UNDECLARED = re.compile(r"imports [\w.]{1,200}, and no file of the submission declares")


def instead_of_a_failure(evidence: Evidence) -> str:
    """A sentence on what could not be installed as declared, where a failed start shows it or may come of it; empty otherwise."""
    app, environment = evidence.app, evidence.environment
    notes = environment.ignored if environment else ()
    shown = f"{app.failure}\n{app.log}".lower().replace("-", "_")
    other = [name for name in _names(_UNFIT, notes) if _is_shown(name, shown)]
    if other:
        return sentence(
            "The submission asks for {names} in a version that can't be installed here, and ran with another one.",
            names=joined(other, sentence(" and ")),
        )
    # a package may have modules of any name: one that is missing may be of any that was left out
    left_out = _names(_LEFT_OUT, notes) if _UNDECLARED.search(app.failure or "") else []
    if left_out:
        return sentence(
            "The grader could not install {names}, which the submission declares, and which may have that module.",
            names=joined(left_out[:5], sentence(" and ")),
        )
    return ""


def _names(pattern: re.Pattern[str], notes: tuple[str, ...]) -> list[str]:
    return [match[1] for text in notes if (match := pattern.match(text))]


def _is_shown(name: str, shown: str) -> bool:
    return re.search(rf"\b{re.escape(name.lower().replace('-', '_'))}\b", shown) is not None

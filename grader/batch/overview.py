"""The class on one page: who needs attention, every learner, results by criterion, and times."""

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from grader.batch.entries import Entry
from grader.judge import Result
from grader.report.templates import environment

_TEMPLATE = Path(__file__).with_name("overview.html.jinja")
_SORTING = Path(__file__).with_name("overview.js")


@dataclass(frozen=True)
class Rate:
    """How one criterion went: how many were judged, and how many of them passed."""

    id: str
    title: str
    required: bool
    passed: int
    judged: int

    @property
    def percent(self) -> int:
        """Of those that were judged."""
        return round(100 * self.passed / self.judged) if self.judged else 0


def rates(entries: Sequence[Entry]) -> list[Rate]:
    """Each criterion's, the hardest first; what was asked of nobody is left out, and what was asked of few comes last."""
    passed: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    known: dict[str, Result] = {}
    for one in entries:
        for result in one.report.criteria if one.report and not one.has_error else ():
            known.setdefault(result.id, result)
            if result.status in ("passed", "failed"):
                judged[result.id] += 1
                passed[result.id] += result.status == "passed"
    found = [
        Rate(result.id, result.title, result.required, passed[id], judged[id])
        for id, result in known.items()
        if judged[id]
    ]
    most = max((rate.judged for rate in found), default=0)
    return sorted(found, key=lambda rate: (rate.judged * 4 < most, rate.percent, rate.id))


def render(entries: Sequence[Entry], title: str, isolation: str) -> str:
    """The page. Its one script sorts the table; no other can run, whatever a submission is called."""
    script = _SORTING.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    scores = [one.score for one in entries if one.score is not None]
    times = [one.seconds for one in entries if one.seconds]
    return (
        environment()
        .from_string(_TEMPLATE.read_text(encoding="utf-8"))
        .render(
            entries=entries,
            looks=[one for one in entries if one.wants_a_look],
            changed=[one for one in entries if one.change and one.change != "new"],
            rates=rates(entries),
            counts=Counter(one.status for one in entries),
            median=median(scores) if scores else None,
            most=next((one.report.max_score for one in entries if one.report), 0),
            slowest=max(times, default=0.0),
            usual=median(times) if times else 0.0,
            title=title,
            isolation=isolation,
            script=script,
            script_digest=f"sha256-{digest}",
        )
    )

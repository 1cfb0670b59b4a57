"""Class statistics: distribution of points, and difficulty and discrimination of each criterion."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from grader.batch.table import render_csv
from grader.review.standing import Standings

_BINS = 10
_ENOUGH = 5  # learners, below which a correlation says nothing


@dataclass(frozen=True)
class Item:
    """One criterion. `difficulty`: the share that passed, of those judged, 0 to 1: small is hard.

    `discrimination`: the correlation of passing it with the points of everything else (corrected item-total
    correlation), -1 to 1; None where all or none passed, or too few were judged. Below 0.2 it tells little; below 0 those
    who do well elsewhere fail it: look at the criterion.
    """

    id: str
    title: str
    required: bool
    passed: int
    failed: int
    not_run: int
    errors: int
    difficulty: float | None
    discrimination: float | None


@dataclass(frozen=True)
class Bin:
    """Learners with at least `low` and less than `high` points; the last one takes the most there is as well."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Numbers:
    """Of all who have points. Seconds are those that collecting took."""

    learners: int
    judged: int
    mean: float | None
    median: float | None
    deviation: float | None
    lowest: float | None
    highest: float | None
    most: float
    bins: tuple[Bin, ...]
    items: tuple[Item, ...]
    usual_seconds: float
    longest_seconds: float

    @property
    def hardest(self) -> list[Item]:
        """The criteria that were judged, the hardest first; what was asked of few comes last, since it tells little."""
        known = [item for item in self.items if item.difficulty is not None]
        most = max((item.passed + item.failed for item in known), default=0)
        return sorted(
            known, key=lambda item: ((item.passed + item.failed) * 4 < most, item.difficulty or 0.0)
        )


def numbers(standings: Standings) -> Numbers:
    """Those of a class."""
    scores = [one.score for one in standings.learners if one.score is not None]
    most = next((one.report.max_score for one in standings.learners if one.report), 0.0)
    seconds = [one.row.seconds for one in standings.learners if one.row.seconds]
    return Numbers(
        learners=len(standings.learners),
        judged=len(scores),
        mean=statistics.fmean(scores) if scores else None,
        median=statistics.median(scores) if scores else None,
        deviation=statistics.stdev(scores) if len(scores) > 1 else None,
        lowest=min(scores, default=None),
        highest=max(scores, default=None),
        most=most,
        bins=_bins(scores, most),
        items=_items(standings),
        usual_seconds=statistics.median(seconds) if seconds else 0.0,
        longest_seconds=max(seconds, default=0.0),
    )


def _bins(scores: Sequence[float], most: float) -> tuple[Bin, ...]:
    top = max([most, *scores], default=0.0)
    if not scores or top <= 0:
        return ()
    counts = [0] * _BINS
    for score in scores:
        counts[min(_BINS - 1, int(score / top * _BINS))] += 1
    return tuple(Bin(top * at / _BINS, top * (at + 1) / _BINS, count) for at, count in enumerate(counts))


def _items(standings: Standings) -> tuple[Item, ...]:
    marks: dict[str, list[tuple[float, float]]] = {}
    counts: dict[str, dict[str, int]] = {}
    for one in standings.learners:
        if one.report is None or one.score is None:
            continue
        for result in one.report.criteria:
            count = counts.setdefault(result.id, dict.fromkeys(("passed", "failed", "not_run", "error"), 0))
            count[result.status] += 1
            if result.status in ("passed", "failed"):
                rest = one.score - result.points
                marks.setdefault(result.id, []).append((float(result.status == "passed"), rest))
    items = []
    for result in standings.criteria:
        if result.id not in counts:
            continue
        count = counts[result.id]
        judged = count["passed"] + count["failed"]
        items.append(
            Item(
                result.id,
                result.title,
                result.required,
                count["passed"],
                count["failed"],
                count["not_run"],
                count["error"],
                count["passed"] / judged if judged else None,
                _correlation(marks.get(result.id, [])),
            )
        )
    return tuple(items)


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < _ENOUGH:
        return None
    try:
        return statistics.correlation([one for one, _ in pairs], [other for _, other in pairs])
    except statistics.StatisticsError:  # one of them is the same for all
        return None


def table(found: Numbers) -> str:
    """As CSV: one row a criterion."""
    head = [
        "criterion",
        "title",
        "required",
        "passed",
        "failed",
        "not_run",
        "error",
        "difficulty",
        "discrimination",
    ]
    rows: list[Sequence[object]] = [head]
    for item in found.items:
        rows.append(
            [
                item.id,
                item.title,
                "yes" if item.required else "no",
                item.passed,
                item.failed,
                item.not_run,
                item.errors,
                None if item.difficulty is None else round(item.difficulty, 3),
                None if item.discrimination is None else round(item.discrimination, 3),
            ]
        )
    return render_csv(rows)


def learners_table(standings: Standings) -> str:
    """As CSV: one row a learner, with every decision in it; in an anonymous review, without names."""
    ids = [result.id for result in standings.criteria]
    rows: list[Sequence[object]] = [
        ["name", "id", "status", "score", "max_score", "seconds", "look", "changed_by_a_person", *ids]
    ]
    for one in standings.learners:
        changed = [result.id for result in one.report.criteria if result.overridden] if one.report else []
        rows.append(
            [
                one.shown,
                one.code if standings.decisions.anonymous else one.row.learner_id,
                one.status,
                one.score,
                one.report.max_score if one.report else None,
                round(one.row.seconds, 1),
                " ".join(reason.words for reason in one.reasons) if not one.looked else "",
                " ".join(changed),
                *(one.verdicts.get(id, "") for id in ids),
            ]
        )
    return render_csv(rows)

"""The class with every decision applied, and who needs a person's attention."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from grader.batch.names import sortable
from grader.judge import Report, Result
from grader.report.language import ENGLISH, Language
from grader.review import applying
from grader.review.decisions import Decisions, ForLearner
from grader.review.record import Alike, ClassRecord, Row

Kind = Literal["error", "ambiguous", "tests", "alike", "agreement", "request", "outdated", "lost", "missing"]
KINDS: Mapping[Kind, str] = {
    "error": "The grader failed, or the work can't be read",
    "ambiguous": "The grader could not decide",
    "tests": "Tests that do what tests seldom do",
    "alike": "Alike to other work",
    "agreement": "Verdicts that do not agree",
    "request": "Asks for another look",
    "outdated": "Changed for work that was handed in earlier",
    "lost": "Its endpoint was not found",
    "missing": "Handed in nothing",
}
STATUSES = ("complete", "incomplete", "error", "ungradable", "missing")
VERDICTS = ("passed", "failed", "not_run", "error")
_EASY = 0.9  # of the class: who is among the best and fails what so many pass is looked at
_ENOUGH = 10  # learners, below which shares say nothing


@dataclass(frozen=True)
class Reason:
    """Why a person should look: a sentence, and what fills its places."""

    kind: Kind
    text: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, say: Language = ENGLISH) -> str:
        """The sentence, in a language."""
        return say(self.text, **self.fields)

    @property
    def words(self) -> str:
        """The sentence, in English."""
        return self.sentence()


@dataclass(frozen=True)
class Standing:
    """One learner as it stands. `code`: the address of its page. `shown`: its name, or in an anonymous review another."""

    row: Row
    code: str
    shown: str
    report: Report | None
    decisions: ForLearner
    reasons: tuple[Reason, ...] = ()
    looked: bool = False

    @property
    def status(self) -> str:
        """One of `STATUSES`."""
        if self.report is None:
            return self.row.state
        if self.report.has_error:
            return "error"
        return "complete" if self.report.complete else "incomplete"

    @property
    def score(self) -> float | None:
        """The points; None where there is no judgement, which is never a 0."""
        return None if self.report is None or self.report.has_error else self.report.score

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """Criterion → verdict."""
        return {result.id: result.status for result in self.report.criteria} if self.report else {}

    @property
    def open_requests(self) -> int:
        """Requests without an answer."""
        return sum(self.decisions.answer(each.id) is None for each in self.decisions.requests)


@dataclass(frozen=True)
class Filter:
    """What of the class is shown; an empty field leaves it whole. Every field means exactly what it says.

    `verdict` goes with `criterion`. `look`: a kind of reason, or "any".
    """

    status: str = ""
    criterion: str = ""
    verdict: str = ""
    look: str = ""
    name: str = ""

    def takes(self, one: Standing) -> bool:
        """Whether a learner is shown."""
        if self.status and one.status != self.status:
            return False
        if self.criterion and self.verdict and one.verdicts.get(self.criterion) != self.verdict:
            return False
        if self.look and (one.looked or not one.reasons):
            return False
        if self.look not in ("", "any") and self.look not in {reason.kind for reason in one.reasons}:
            return False
        return self.name.casefold() in one.shown.casefold()

    def pairs(self) -> list[tuple[str, str]]:
        """Those fields that say something."""
        return [(name, value) for name, value in vars(self).items() if value]


@dataclass(frozen=True)
class Standings:
    """The whole class."""

    known: ClassRecord
    decisions: Decisions
    learners: tuple[Standing, ...]

    @cached_property
    def criteria(self) -> list[Result]:
        """What was asked for; extra credit that nobody took is left out."""
        first = next((one.report for one in self.learners if one.report), None)
        taken = {id for one in self.learners for id, verdict in one.verdicts.items() if verdict != "not_run"}
        return (
            [result for result in first.criteria if not result.extra or result.id in taken] if first else []
        )

    @cached_property
    def by_code(self) -> dict[str, Standing]:
        """Learners by the address of their page."""
        return {one.code: one for one in self.learners}

    @cached_property
    def by_key(self) -> dict[str, Standing]:
        """Learners by the key of their row."""
        return {one.row.key: one for one in self.learners}

    def queue(self) -> list[Standing]:
        """Who needs a person, the most urgent first."""
        order = list(KINDS)
        waiting = [one for one in self.learners if one.reasons and not one.looked]
        return sorted(waiting, key=lambda one: min(order.index(reason.kind) for reason in one.reasons))

    def chosen(self, filter: Filter) -> list[Standing]:
        """Those that a filter takes."""
        return [one for one in self.learners if filter.takes(one)]


def standings(known: ClassRecord, decisions: Decisions) -> Standings:
    """The class as it stands.

    Args:
        known: as the last batch left it.
        decisions: what was decided since, or before.
    """
    rubric = known.worth
    by_learner = decisions.for_learners(row.key for row in known.rows)
    looked = decisions.looked_at()
    groups = {key: group for group in known.alike for key in group.members}
    names = Counter(row.name.casefold() for row in known.rows)
    shown = {row.key: _shown(row, decisions, names) for row in known.rows}
    digests = {row.key: row.digest for row in known.rows}
    # a kind of file that an app does not offer is no question
    one_of = {id for id, worth in rubric.worth.items() if worth.required == "one"}
    learners = []
    for row in known.rows:
        mine = by_learner[row.key]
        report = row.report
        if report and (mine.overrides or mine.comments or mine.requests):
            report = applying.apply_decisions(report, mine, rubric)
        one = Standing(row, decisions.code(row.key), shown[row.key], report, mine)
        reasons = tuple(_reasons(one, groups.get(row.key), shown, digests, one_of))
        was_looked_at = (row.key, row.digest) in looked and not any(
            reason.kind == "request" for reason in reasons
        )
        learners.append(Standing(row, one.code, one.shown, report, mine, reasons, was_looked_at))
    learners = _with_disagreement(learners)
    learners.sort(key=lambda one: (sortable(one.shown), one.row.key))
    return Standings(known, decisions, tuple(learners))


def _shown(row: Row, decisions: Decisions, names: Mapping[str, int]) -> str:
    """The name, of namesakes with what tells them apart; in an anonymous review another one."""
    if decisions.anonymous:
        return f"Learner {decisions.code(row.key)[:6]}"
    apart = row.learner_id or row.submission
    return f"{row.name} ({apart})" if names[row.name.casefold()] > 1 and apart else row.name


def _reasons(
    one: Standing,
    group: Alike | None,
    shown: Mapping[str, str],
    digests: Mapping[str, str],
    one_of: Collection[str],
) -> Iterable[Reason]:
    row, report = one.row, one.report
    yield from _not_graded(one)
    if one.open_requests:
        yield Reason("request", "{count} without an answer.", {"count": one.open_requests})
    if report and report.outdated:
        yield Reason("outdated", "Decide again: {criteria}.", {"criteria": _listed(report.outdated)})
    if report and (unclear := _required_but_not_run(report, one_of)):
        yield Reason("ambiguous", "Required, and not run: {criteria}.", {"criteria": _listed(unclear)})
    if row.odd:
        yield Reason(
            "tests", "Read them before you trust their result: {tests}.", {"tests": "; ".join(row.odd[:3])}
        )
    if group:
        yield from _alike(row, group, shown, digests)
    if row.unstable:
        yield Reason(
            "agreement",
            "The batch before judged the same work otherwise: {criteria}.",
            {"criteria": _listed(row.unstable)},
        )
    if report and any(each.id == "endpoint.starts" and each.status == "failed" for each in report.criteria):
        yield Reason("lost", "Its page says what was tried.")


def _not_graded(one: Standing) -> Iterable[Reason]:
    row = one.row
    if row.tries > 1:
        yield Reason(
            "error",
            "Its worker was lost {count} times. {message}",
            {"count": row.tries, "message": row.message},
        )
    elif one.status == "error":
        yield Reason(
            "error", "The grader failed, which says nothing of the work. {message}", {"message": row.message}
        )
    elif row.state == "ungradable":
        yield Reason("error", "{message}", {"message": row.message})
    elif row.state == "missing":
        yield Reason("missing", "On the roster, and nothing was handed in.")


def _required_but_not_run(report: Report, one_of: Collection[str]) -> list[str]:
    return [
        result.id
        for result in report.criteria
        if result.required
        and result.status == "not_run"
        and result.id not in one_of
        and not result.summary.startswith("Depends on")
    ]


def _alike(row: Row, group: Alike, shown: Mapping[str, str], digests: Mapping[str, str]) -> Iterable[Reason]:
    others = [key for key in group.members if key != row.key]
    same = [key for key in others if row.digest and digests.get(key) == row.digest]
    for keys, words in (
        (same, "Identical to {names}, byte for byte. Ask before you judge."),
        (
            [key for key in others if key not in same],
            "Much of its code has the same shape as that of {names}. Ask before you judge.",
        ),
    ):
        if keys:
            names = _listed([shown.get(key, key) for key in keys])
            yield Reason("alike", words, {"names": names})


def _with_disagreement(learners: Sequence[Standing]) -> list[Standing]:
    """Also who is among the best quarter, and fails what nearly everybody passes: the verdict may be wrong."""
    judged = [one for one in learners if one.score is not None]
    if len(judged) < _ENOUGH:
        return list(learners)
    scores = sorted(one.score or 0.0 for one in judged)
    best = scores[-max(1, len(scores) // 4)]
    counts: dict[str, list[int]] = {}
    for one in judged:
        for id, verdict in one.verdicts.items():
            if verdict in ("passed", "failed"):
                count = counts.setdefault(id, [0, 0])
                count[0] += verdict == "passed"
                count[1] += 1
    easy = {id for id, (passed, all) in counts.items() if all >= _ENOUGH and passed / all >= _EASY}
    out = []
    for one in learners:
        odd = [id for id in easy if one.verdicts.get(id) == "failed"]
        if odd and one.score is not None and one.score >= best:
            why = Reason(
                "agreement",
                "One of the best, yet failed what nearly everybody passes: {criteria}.",
                {"criteria": _listed(sorted(odd))},
            )
            reasons = (*one.reasons, why)
            one = Standing(one.row, one.code, one.shown, one.report, one.decisions, reasons, one.looked)
        out.append(one)
    return out


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more}"

"""The pages of a review, as HTML: whatever they print is escaped; the one exception is what its own author types."""

import html
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from grader.judge import Result
from grader.report.spoken import in_language
from grader.report.templates import environment
from grader.report.words import remarks, select_shown
from grader.review import shown as showing
from grader.review import similarity, statistics
from grader.review.guard import Session
from grader.review.standing import KINDS, STATUSES, VERDICTS, Filter, Standing, Standings
from grader.review.viewing import View

_SIGNS = {"passed": "✓", "failed": "✗", "not_run": "–", "error": "!"}
_WORDS = {"passed": "passed", "failed": "failed", "not_run": "not run", "error": "error"}
_KINDS_OF_DECISIONS = {
    "override": "changed",
    "comment": "commented",
    "request": "another look asked for",
    "answer": "answered",
    "look": "looked at",
}
_MOST_BANKED = 12


@cache
def _environment() -> Environment:
    made = environment()
    made.loader = FileSystemLoader(Path(__file__).with_name("templates"))
    made.filters["typed"] = _typed
    made.filters["number"] = lambda value: "" if value is None else f"{value:g}"
    made.globals |= {"signs": _SIGNS, "words": _WORDS, "kinds": KINDS, "remarks": remarks}
    return made


def _typed(text: str) -> Markup:
    """What an instructor typed, in a field: to the character, or saving it again would change it."""
    return Markup(html.escape(text, quote=True))  # noqa: S704 - escaped in the same breath


def _render(template: str, now: Standings, session: Session, **facts: Any) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            base=session.base,
            word=session.word,
            say=session.say,
            title=now.known.title,
            anonymous=now.decisions.anonymous,
            **facts,
        )
    )


def query(chosen: Filter, **changes: str) -> str:
    """The end of an address that keeps a filter; empty if there is none."""
    pairs = Filter(**{**vars(chosen), **changes}).pairs()
    return f"?{urlencode(pairs)}" if pairs else ""


def overview(now: Standings, chosen: Filter, session: Session) -> str:
    """The class: who needs a person, how it went, and everybody's verdicts."""
    queue = now.queue()
    counts = {kind: sum(kind in {reason.kind for reason in one.reasons} for one in queue) for kind in KINDS}
    return _render(
        "class.jinja",
        now,
        session,
        filter=chosen,
        query=query(chosen),
        linked=lambda **changes: query(Filter(), **changes),
        queue=queue,
        counts=counts,
        learners=now.chosen(chosen),
        total=len(now.learners),
        statuses={status: sum(one.status == status for one in now.learners) for status in STATUSES},
        verdicts=VERDICTS,
        criteria=now.criteria,
        criterion=next((result for result in now.criteria if result.id == chosen.criterion), None),
        numbers=statistics.numbers(now),
        how_to_ask=now.decisions.how_to_ask,
        written=now.known.written.strftime("%Y-%m-%d %H:%M UTC"),
        since=sum(each.at > now.known.written for each in now.decisions.decisions),
    )


def neighbours(chosen: Sequence[Standing], one: Standing) -> tuple[Standing | None, Standing | None, int]:
    """Who comes before and after a learner among those that a filter takes, and the place, from 1; 0 if not among them."""
    codes = [each.code for each in chosen]
    if one.code not in codes:
        return None, (chosen[0] if chosen else None), 0
    at = codes.index(one.code)
    return chosen[at - 1] if at else None, chosen[at + 1] if at + 1 < len(chosen) else None, at + 1


def learner(
    now: Standings,
    one: Standing,
    chosen: Filter,
    session: Session,
    seen: View | str | None,
    earlier: View | str | None,
    trouble: str = "",
) -> str:
    """One learner: every criterion with what was seen, the source, and the fields in which to decide."""
    among = now.chosen(chosen)
    before, following, place = neighbours(among, one)
    view = seen if isinstance(seen, View) else None
    files = showing.files(view) if view else []
    changed, removed = [], []
    if view and isinstance(earlier, View):
        changed, removed = showing.since(view, earlier), showing.find_removed(view, earlier)
    decisions = now.decisions
    group = next((group for group in now.known.alike if one.row.key in group.members), None)
    sections: dict[str, list[Result]] = {}
    graded = select_shown(in_language(one.report, session.say).criteria) if one.report else []
    for result in graded:
        name = one.report.sections.get(result.section, result.section) if one.report else result.section
        sections.setdefault(name, []).append(result)
    return _render(
        "learner.jinja",
        now,
        session,
        one=one,
        here=f"{session.base}/learner/{one.code}",
        query=query(chosen),
        before=before,
        following=following,
        place=place,
        among=len(among),
        sections=sections,
        graded_score=sum(
            (result.overridden.points if result.overridden else result.points) for result in graded
        ),
        view=view,
        trouble=trouble,
        no_view=seen if isinstance(seen, str) else "",
        exchanges={exchange.id: exchange for exchange in view.exchanges} if view else {},
        files=files,
        anchors={each.path: each.anchor for each in files},
        changed=changed,
        removed=removed,
        attempt=one.row.previous,
        attempt_changes=_attempt_changes(one),
        alike=[now.by_key[key] for key in group.members if key != one.row.key and key in now.by_key][:12]
        if group
        else [],
        draft=lambda field: decisions.draft(one.row.key, field),
        bank={result.id: decisions.bank(result.id)[:_MOST_BANKED] for result in graded},
        whole_bank=decisions.bank()[:_MOST_BANKED],
        history=decisions.history(one.row.key),
        kinds_of_decisions=_KINDS_OF_DECISIONS,
    )


def _attempt_changes(one: Standing) -> list[tuple[Result, str]]:
    """The criteria that are judged otherwise than in the attempt before, and how they were judged then."""
    if not one.row.previous or not one.report:
        return []
    was = one.row.previous.criteria
    return [
        (result, _WORDS.get(was[result.id], was[result.id]))
        for result in one.report.criteria
        if result.id in was and was[result.id] != result.status
    ]


def alike(now: Standings, session: Session) -> str:
    """Every group of work that is alike."""
    groups = []
    for group in now.known.alike:
        members = [now.by_key[key] for key in group.members if key in now.by_key]
        closest = {
            one.code: (now.by_key[group.closest[one.row.key][0]], round(100 * group.closest[one.row.key][1]))
            for one in members
            if one.row.key in group.closest and group.closest[one.row.key][0] in now.by_key
        }
        groups.append({"members": members, "identical": group.identical, "closest": closest})
    return _render("similarity.jinja", now, session, groups=groups)


def beside(
    now: Standings,
    one: Standing,
    other: Standing,
    left: View | str | None,
    right: View | str | None,
    session: Session,
) -> str:
    """Two works side by side, with the lines marked that have the same shape."""
    files: tuple[list[showing.ShownFile], list[showing.ShownFile]] = ([], [])
    if isinstance(left, View) and isinstance(right, View):
        files = showing.alike(left, right, similarity.given())
    trouble = " ".join(each for each in (left, right) if isinstance(each, str))
    return _render(
        "beside.jinja",
        now,
        session,
        one=one,
        other=other,
        left=files[0],
        right=files[1],
        trouble=trouble,
        identical=bool(one.row.digest) and one.row.digest == other.row.digest,
    )


def statistics_page(now: Standings, session: Session) -> str:
    """Numbers about the class."""
    return _render("statistics.jinja", now, session, numbers=statistics.numbers(now))

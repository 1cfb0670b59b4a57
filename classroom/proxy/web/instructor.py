"""The instructor's pages: every event, one event, and the forms that change it. Who may see them is decided before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from classroom.proxy.administration import reports, terms
from classroom.proxy.administration.tabular import as_csv
from classroom.proxy.administration.terms import Terms
from classroom.proxy.books.accounts import Attendance, Series
from classroom.proxy.books.ledger import Ledger, Line
from classroom.proxy.relay import Booked
from classroom.proxy.rules.errors import EventError
from classroom.proxy.rules.events import Event, later, moment
from classroom.proxy.web import charts, exchange, rendering
from classroom.proxy.web.exchange import Answer, Asked, Refused

_DONE = {
    "created": "The event is made.",
    "extend": "The event lasts longer now.",
    "top-up": "The budget is larger now.",
    "pause": "The event is paused. Nothing is asked until it goes on.",
    "resume": "The event goes on.",
    "end": "The event is over.",
    "text": "The text is kept.",
    "remove": "The learner is kept out from now on.",
}
_TABLES: dict[str, reports.By] = {
    "used.csv": "model",
    "learners.csv": "learner",
    "time.csv": "time",
    "refusals.csv": "refusal",
}
_TOP = 5  # learners that are named above the table
_MOST_SHOWN = 100  # rows of a table: the page comes again every few seconds, and a keyboard goes through it
_MOST_NAMES = 500  # that one form lets in


@dataclass(frozen=True)
class _Used:
    """What one page shows of an event."""

    event: Event
    spent: int
    lines: list[Line]
    series: Series
    refusals: list[tuple[str, int]]
    attendance: list[Attendance]


class Instructor:
    """Makes the pages.

    Args:
        ledger: the books.
        booked: runs what asks the database, beside the requests.
        refresh: brings what this process has counted into the books.
    """

    def __init__(self, ledger: Ledger, booked: Booked, refresh: Booked) -> None:
        self._ledger, self._booked, self._refresh = ledger, booked, refresh

    # --- what is shown -------------------------------------------------------------------------------------------

    async def overview(
        self, asked: Asked, word: str, *, trouble: str = "", typed: Mapping[str, str] | None = None
    ) -> Answer:
        """Every event, and the form that makes one."""
        events = await self._booked(self._ledger.events)
        now = self._ledger.now()
        return rendering.page(
            "events.jinja",
            400 if trouble else 200,
            word=word,
            events=[(event, event.state(now), spent) for event, spent in events],
            trouble=trouble,
            typed=typed or {},
            usual_models=terms.USUAL_MODELS,
            longest_text=terms.LONGEST_TEXT,
        )

    async def show(self, asked: Asked, word: str, code: str, rest: str) -> Answer:
        """One event, or one of its tables.

        Raises:
            Refused: there is none.
        """
        if rest:
            return await self._table(code, rest)
        return await self._page(asked, word, code, done=_DONE.get(asked.query.get("done", ""), ""))

    async def _page(
        self,
        asked: Asked,
        word: str,
        code: str,
        *,
        done: str = "",
        trouble: str = "",
        handed: Mapping[str, str] | None = None,
    ) -> Answer:
        used = await self._used(code)
        event = used.event
        left = None if event.event_budget is None else max(0, event.event_budget - used.spent)
        models: dict[str, list[int]] = {}
        for line in used.lines:
            figures = models.setdefault(line.model, [0, 0, 0, 0])
            for place, value in enumerate((line.requests, line.input_tokens, line.output_tokens, line.cost)):
                figures[place] += value
        wanted = asked.query.get("name", "").strip()[:128]
        found = [each for each in used.attendance if wanted.casefold() in each.name.casefold()]
        return rendering.page(
            "event.jinja",
            400 if trouble else 200,
            word=word,
            base=f"/admin/events/{event.code}",
            join=f"{asked.origin}/join/{event.code}",
            event=event,
            state=event.state(self._ledger.now()),
            bound=terms.bound_of(event)
            .replace(" --budget bounds it further.", "")
            .replace(": add --budget", ""),
            spent=used.spent,
            left=left,
            requests=sum(line.requests for line in used.lines),
            failed=sum(line.failed for line in used.lines),
            series=used.series,
            charts=[chart for chart in (charts.spend(used.series), charts.requests(used.series)) if chart],
            refusals=used.refusals,
            attendance=used.attendance,
            wanted=wanted,
            found=len(found),
            shown=found[:_MOST_SHOWN],
            top=[each for each in used.attendance if each.spent][:_TOP],
            models=sorted(models.items()),
            done=done,
            trouble=trouble,
            handed=handed or {},
            longest_text=terms.LONGEST_TEXT,
        )

    async def _used(self, code: str) -> _Used:
        await self._refresh()

        def ask() -> _Used | None:
            found = next((pair for pair in self._ledger.events() if pair[0].code == code), None)
            if found is None:
                return None
            event, spent = found
            accounts = self._ledger.accounts
            return _Used(
                event,
                spent,
                self._ledger.report(code),
                accounts.over_time(event),
                accounts.refusals(code),
                accounts.attendance(event, event.day(self._ledger.now())),
            )

        used: _Used | None = await self._booked(ask)
        if used is None:
            raise Refused(404, f"There is no event {code}.")
        return used

    async def _table(self, code: str, name: str) -> Answer:
        if name not in _TABLES:
            raise Refused(404, "There is no such table.")
        content = as_csv(await self._rows(code, _TABLES[name]))
        headers = {"content-disposition": f'attachment; filename="{code}-{name}"'}
        return Answer(
            content.encode("utf-8", "backslashreplace"), kind="text/csv; charset=utf-8", headers=headers
        )

    async def _rows(self, code: str, by: reports.By) -> list[reports.Row]:
        await self._refresh()
        event = await self._booked(self._ledger.event, code)
        if event is None:
            raise Refused(404, f"There is no event {code}.")
        rows: list[reports.Row] = await self._booked(reports.of_event, self._ledger, event, by)
        return rows

    # --- what is changed -----------------------------------------------------------------------------------------

    async def create(self, asked: Asked, word: str, form: Mapping[str, str]) -> Answer:
        """Make an event."""
        try:
            made = _terms(form).event()
            await self._booked(self._ledger.add, made)
        except EventError as error:
            return await self.overview(asked, word, trouble=str(error), typed=form)
        return exchange.onward(f"/admin/events/{made.code}?done=created")

    async def change(self, asked: Asked, word: str, code: str, what: str, form: Mapping[str, str]) -> Answer:
        """Do one thing to an event. New tokens are shown in the answer, and nowhere after it.

        Raises:
            Refused: there is no such thing to do, or no such event.
        """
        ledger, name = self._ledger, form.get("name", "").strip()

        def do() -> Mapping[str, str]:
            event = ledger.event(code)
            if event is None:
                raise Refused(404, f"There is no event {code}.")
            things: dict[str, Callable[[], object]] = {
                "extend": lambda: ledger.extend(code, _until(event, form)),
                "top-up": lambda: ledger.top_up(code, terms.added_money(form.get("dollars", ""))),
                "pause": lambda: ledger.pause(code, True),
                "resume": lambda: ledger.pause(code, False),
                "end": lambda: ledger.end(code),
                "text": lambda: ledger.describe(code, terms.text_of(form.get("text", ""))),
                "attend": lambda: ledger.attend(code, _names(form.get("names", ""))),
            }
            if name:
                things["rotate"] = lambda: ledger.rotate(code, name)
                things["remove"] = lambda: ledger.remove(code, name)
            if what not in things:
                raise Refused(404, "There is no such thing to do.")
            done = things[what]()
            return done if isinstance(done, dict) else {}

        try:
            handed: Mapping[str, str] = await self._booked(do)
        except EventError as error:
            return await self._page(asked, word, code, trouble=str(error))
        if handed:
            return await self._page(asked, word, code, handed=handed)
        return exchange.onward(f"/admin/events/{code}?done={what}")


def _terms(form: Mapping[str, str]) -> Terms:
    usual = Terms("", "", "")
    return Terms(
        form.get("code", "").strip(),
        form.get("starts", "").strip(),
        form.get("ends", "").strip(),
        zone=form.get("zone", "").strip(),
        open=form.get("who") == "open",
        self_registration=form.get("who") == "self",
        models=form.get("models", ""),
        max_tokens=_whole(form, "max_tokens", "The longest answer"),
        daily_requests=_whole(form, "daily_requests", "The requests of a day"),
        learner_budget=form.get("learner_budget", "").strip() or None,
        budget=form.get("budget", "").strip() or None,
        organization=form.get("organization", "").strip() or None,
        project=form.get("project", "").strip() or None,
        keep_prompts="keep_prompts" in form,
        attendees=_whole(form, "attendees", "The number of names") or usual.attendees,
        names_per_hour=_whole(form, "names_per_hour", "The number of names"),
        allow=form.get("allow", ""),
        text=form.get("text", ""),
    )


def _whole(form: Mapping[str, str], name: str, what: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 12:
        raise EventError(f"{what} must be a whole number, and {text[:40]!r} is none.")
    return int(text)


def _until(event: Event, form: Mapping[str, str]) -> Any:
    by, until = form.get("by", "").strip(), form.get("until", "").strip()
    if bool(by) == bool(until):
        raise EventError("Say either how much longer, as in 2h, or until when.")
    return later(event.ends, by) if by else moment(until, event.zone, late=True)


def _names(text: str) -> list[str]:
    names = ["-".join(line.split()) for line in text.splitlines() if line.strip()]
    if not names:
        raise EventError("Write the names of learners, each on a line of its own.")
    if len(names) > _MOST_NAMES:
        raise EventError(f"These are {len(names)} names; at most {_MOST_NAMES} can be added at once.")
    return names

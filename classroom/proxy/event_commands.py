"""`classroom proxy event …`: make, list, change and end events."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from classroom.proxy.console import DEFAULT, Database, open_ledger, reported
from classroom.proxy.errors import EventError
from classroom.proxy.events import NANO, Event, duration, known_zone, moment

event_app = typer.Typer(help="Make, list, change and end events.", no_args_is_help=True)


@event_app.command("add")
def event_add(
    code: Annotated[str, typer.Argument(help="What learners put before their name.")],
    starts: Annotated[str, typer.Option(help="2026-11-21T09:00+01:00, or local time with --zone.")],
    ends: Annotated[str, typer.Option(help="The same.")],
    zone: Annotated[str | None, typer.Option(help="Such as Europe/Berlin: days begin there.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Take any name, without a secret.")] = False,
    models: Annotated[
        str, typer.Option(help="Allowed models, a,b; or name=model for a deployment's name.")
    ] = "gpt-5.4-mini,text-embedding-3-small",
    max_tokens: Annotated[int | None, typer.Option(min=1, help="The longest answer, in tokens.")] = None,
    daily_requests: Annotated[int | None, typer.Option(min=1, help="Of one learner, a day.")] = None,
    learner_budget: Annotated[str | None, typer.Option(help="US dollars, for one learner.")] = None,
    budget: Annotated[str | None, typer.Option(help="US dollars, for the whole event.")] = None,
    organization: Annotated[str | None, typer.Option(help="Whom OpenAI bills.")] = None,
    project: Annotated[str | None, typer.Option(help="And on which project.")] = None,
    keep_prompts: Annotated[
        bool, typer.Option("--keep-prompts", help="Store prompts; learners are told with every answer.")
    ] = False,
    self_registration: Annotated[
        bool, typer.Option("--self-registration", help="Who knows the code may make themself an attendee.")
    ] = False,
    attendees: Annotated[
        int,
        typer.Option(
            min=1, help="Names in all, where people come by themselves (--open, --self-registration)."
        ),
    ] = 40,
    names_per_hour: Annotated[
        int | None,
        typer.Option(min=1, help="Of these, new ones from one network address; else as many as --attendees."),
    ] = None,
    allow: Annotated[str, typer.Option(help="Beyond the usual, and dearer: web_search,flex,priority.")] = "",
    database_url: Database = DEFAULT,
) -> None:
    """Make an event."""
    from classroom.proxy.tokens import CODE

    with reported():
        if not CODE.fullmatch(code):
            raise EventError(f"{code!r} can't be a code: letters, digits, dots, dashes, at most 64.")
        made = Event(
            code,
            moment(starts, zone),
            moment(ends, zone, late=True),
            zone=known_zone(zone or "UTC").key,
            open=open_,
            models=_models(models),
            max_tokens=max_tokens,
            daily_requests=daily_requests,
            learner_budget=_money(learner_budget),
            event_budget=_money(budget),
            organization=organization,
            project=project,
            keeps_prompts=keep_prompts,
            self_registration=self_registration,
            most_attendees=attendees,
            names_per_hour=names_per_hour or attendees,
            allows=_allowed(allow),
        )
        _check_priced(made)
        open_ledger(database_url, new=True).add(made)
    who = f"{code}/any-name" if open_ else "one for each attendee: classroom proxy attendee add, or import"
    typer.echo(f"{code}: from {made.told(made.starts)} to {made.told(made.ends)}. Token: {who}.")
    typer.echo(_bound_of(made))


def _bound_of(event: Event) -> str:
    """The most that an event can cost, in a sentence."""
    most = event.most_it_can_cost()
    if event.event_budget is not None:
        return f"It can cost ${event.event_budget / NANO:g} at most."
    if most is not None and event.learner_budget is not None:
        each = f"{event.most_attendees} names of ${event.learner_budget / NANO:g} each"
        return f"It can cost ${most / NANO:g} at most: {each}. --budget bounds it further."
    if event.learner_budget is not None:
        return f"It can cost ${event.learner_budget / NANO:g} for each attendee that you let in."
    return "Nothing bounds what it can cost: add --budget."


def _allowed(text: str) -> tuple[str, ...]:
    from classroom.proxy.fields import ALLOWANCES

    words = tuple(word.strip() for word in text.split(",") if word.strip())
    for word in words:
        if word not in ALLOWANCES:
            raise EventError(f"{word!r} can't be allowed: there are {', '.join(ALLOWANCES)}.")
    return words


@event_app.command("change")
def event_change(
    code: str,
    attendees: Annotated[int | None, typer.Option(min=1, help="Names in all.")] = None,
    names_per_hour: Annotated[
        int | None, typer.Option(min=1, help="New ones from one network address.")
    ] = None,
    learner_budget: Annotated[str | None, typer.Option(help="US dollars, for one learner.")] = None,
    budget: Annotated[str | None, typer.Option(help="US dollars, for the whole event.")] = None,
    daily_requests: Annotated[int | None, typer.Option(min=1, help="Of one learner, a day.")] = None,
    ends: Annotated[str | None, typer.Option(help="2026-11-21T18:00+01:00, or in the event's zone.")] = None,
    allow: Annotated[str | None, typer.Option(help="web_search,flex,priority; empty for none.")] = None,
    database_url: Database = DEFAULT,
) -> None:
    """Change the bounds of an event, also while it is on; what was used stays in the books."""
    with reported():
        ledger = open_ledger(database_url)
        event = ledger.event(code)
        if event is None:
            raise EventError(f"There is no event {code!r}.")
        wanted: dict[str, Any] = {
            "most_attendees": attendees,
            "names_per_hour": names_per_hour or attendees,
            "learner_budget": _money(learner_budget),
            "event_budget": _money(budget),
            "daily_requests": daily_requests,
            "ends": None if ends is None else moment(ends, event.zone, late=True),
            "allows": None if allow is None else _allowed(allow),
        }
        changed = replace(event, **{name: value for name, value in wanted.items() if value is not None})
        ledger.change(changed)
    typer.echo(f"{code}: changed. {_bound_of(changed)}")


@event_app.command("extend")
def event_extend(
    code: str,
    by: Annotated[
        str | None, typer.Option("--by", help="How much longer than planned: 90m, 2h, 1d or 1h30m.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="2026-11-21T20:00+01:00, or in the event's zone.")
    ] = None,
    database_url: Database = DEFAULT,
) -> None:
    """Let an event last longer, also one that is over; its budgets stay."""
    with reported():
        if (by is None) == (until is None):
            raise EventError(
                "Say either how much longer, --by 2h, or until when, --until 2026-11-21T20:00+01:00."
            )
        ledger = open_ledger(database_url)
        event = ledger.event(code)
        if event is None:
            raise EventError(f"There is no event {code!r}.")
        ends = moment(until, event.zone, late=True) if until else event.ends + duration(by or "")
        extended = ledger.extend(code, ends)
    over = " That is over already." if extended.ends <= ledger.now() else ""
    typer.echo(f"{code}: until {extended.told(extended.ends)}.{over} {_bound_of(extended)}")


@event_app.command("top-up")
def event_top_up(
    code: str,
    dollars: Annotated[str, typer.Argument(help="US dollars to add to the event's budget.")],
    database_url: Database = DEFAULT,
) -> None:
    """Add to an event's budget; what was spent stays in the books."""
    with reported():
        amount = _money(dollars) or 0
        if amount <= 0:
            raise EventError("Say how much to add, more than nothing: 12.50.")
        event = open_ledger(database_url).top_up(code, amount)
    typer.echo(f"{code}: ${amount / NANO:g} more. {_bound_of(event)}")


def _models(text: str) -> dict[str, str]:
    pairs = [entry.strip().partition("=") for entry in text.split(",") if entry.strip()]
    return {name.strip(): (target or name).strip() for name, _, target in pairs}


def _money(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        value = Decimal(text.removeprefix("$"))
    except InvalidOperation as error:
        raise EventError(f"{text!r} is no amount of money: write 12.50.") from error
    if not value.is_finite() or value < 0:
        raise EventError(f"{text!r} is no amount of money: write 12.50.")
    return int(value * NANO)


def _check_priced(event: Event) -> None:
    """A model without a price would be refused at every call: said now."""
    from classroom.standin.costs import Unpriced, Usage, cost_of

    ways = (
        {"input_tokens": 1000},
        {"input_characters": 1000},
        {"audio_seconds": 60, "input_audio_seconds": 60},
    )
    for name, model in event.models.items():
        for units in ways:
            try:
                cost_of(Usage(model, units))
                break
            except Unpriced:
                continue
        else:
            raise EventError(
                f"No price is known for {model} ({name}), so it can't be counted, and is not offered."
            )


@event_app.command("list")
def event_list(
    database_url: Database = DEFAULT,
) -> None:
    """Every event."""
    table = Table("code", "from", "to", "token", "models", "spent")
    with reported():
        ledger = open_ledger(database_url)
        now = ledger.now()
        for event, spent in ledger.events():
            state = (
                "" if event.starts <= now < event.ends else " (over)" if now >= event.ends else " (to come)"
            )
            table.add_row(
                event.code + state,
                event.told(event.starts),
                event.told(event.ends),
                "any name" if event.open else "attendees'",
                ", ".join(event.models),
                f"${spent / NANO:.4f}",
            )
    Console(highlight=False).print(table)


@event_app.command("end")
def event_end(
    code: str,
    database_url: Database = DEFAULT,
) -> None:
    """End an event now."""
    with reported():
        open_ledger(database_url).end(code)
    typer.echo(f"{code} is over.")

"""`classroom proxy event …`: make, list, change and end events."""

from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from classroom.proxy.administration.terms import (
    USUAL_MODELS,
    Terms,
    added_money,
    allowances_in,
    bound_of,
    money,
    text_of,
)
from classroom.proxy.cli.console import DEFAULT, Database, open_ledger, report_errors
from classroom.proxy.rules.errors import EventError
from classroom.proxy.rules.events import NANO, later, moment

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
    ] = USUAL_MODELS,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="The longest answer, in tokens.")] = None,
    daily_requests: Annotated[int | None, typer.Option(min=1, help="Of one learner, a day.")] = None,
    learner_budget: Annotated[str | None, typer.Option(help="US dollars, for one learner.")] = None,
    budget: Annotated[str | None, typer.Option(help="US dollars, for the whole event.")] = None,
    organization: Annotated[str | None, typer.Option(help="Whom OpenAI bills.")] = None,
    project: Annotated[str | None, typer.Option(help="And on which project.")] = None,
    keep_prompts: Annotated[
        bool, typer.Option("--keep-prompts", help="Store prompts; every answer says so to the learner.")
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
    text: Annotated[str, typer.Option(help="What the join page says of it, as plain text.")] = "",
    database_url: Database = DEFAULT,
) -> None:
    """Make an event."""
    with report_errors():
        made = Terms(
            code,
            starts,
            ends,
            zone=zone or "",
            open=open_,
            models=models,
            max_tokens=max_tokens,
            daily_requests=daily_requests,
            learner_budget=learner_budget,
            budget=budget,
            organization=organization,
            project=project,
            keep_prompts=keep_prompts,
            self_registration=self_registration,
            attendees=attendees,
            names_per_hour=names_per_hour,
            allow=allow,
            text=text,
        ).event()
        open_ledger(database_url, new=True).add(made)
    who = f"{code}/any-name" if open_ else "one for each attendee: classroom proxy attendee add, or import"
    typer.echo(f"{code}: from {made.local_time(made.starts)} to {made.local_time(made.ends)}. Token: {who}.")
    typer.echo(bound_of(made))


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
    text: Annotated[
        str | None, typer.Option(help="What the join page says of it; empty for nothing.")
    ] = None,
    database_url: Database = DEFAULT,
) -> None:
    """Change the bounds of an event, also while it is on; what was used stays in the books."""
    with report_errors():
        ledger = open_ledger(database_url)
        event = ledger.existing(code)
        wanted: dict[str, Any] = {
            "most_attendees": attendees,
            "names_per_hour": names_per_hour or attendees,
            "learner_budget": money(learner_budget),
            "event_budget": money(budget),
            "daily_requests": daily_requests,
            "ends": None if ends is None else moment(ends, event.zone, late=True),
            "allows": None if allow is None else allowances_in(allow),
            "text": None if text is None else text_of(text),
        }
        changed = replace(event, **{name: value for name, value in wanted.items() if value is not None})
        ledger.change(changed)
    typer.echo(f"{code}: changed. {bound_of(changed)}")


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
    with report_errors():
        if (by is None) == (until is None):
            raise EventError(
                "Say either how much longer, --by 2h, or until when, --until 2026-11-21T20:00+01:00."
            )
        ledger = open_ledger(database_url)
        event = ledger.existing(code)
        ends = moment(until, event.zone, late=True) if until else later(event.ends, by or "")
        extended = ledger.extend(code, ends)
    over = " That is over already." if extended.ends <= ledger.now() else ""
    typer.echo(f"{code}: until {extended.local_time(extended.ends)}.{over} {bound_of(extended)}")


@event_app.command("top-up")
def event_top_up(
    code: str,
    dollars: Annotated[str, typer.Argument(help="US dollars to add to the event's budget.")],
    database_url: Database = DEFAULT,
) -> None:
    """Add to an event's budget; what was spent stays in the books."""
    with report_errors():
        amount = added_money(dollars)
        event = open_ledger(database_url).top_up(code, amount)
    typer.echo(f"{code}: ${amount / NANO:g} more. {bound_of(event)}")


@event_app.command("list")
def event_list(
    database_url: Database = DEFAULT,
) -> None:
    """Every event."""
    table = Table(
        *(Column(name, overflow="fold") for name in ("code", "from", "to", "token", "models", "spent"))
    )
    with report_errors():
        ledger = open_ledger(database_url)
        now = ledger.now()
        for event, spent in ledger.events():
            state = event.state(now)
            table.add_row(
                event.code + ("" if state == "on" else f" ({state})"),
                event.local_time(event.starts).replace("T", " "),
                event.local_time(event.ends).replace("T", " "),
                "any name" if event.open else "attendees'",
                ", ".join(event.models),
                f"${spent / NANO:.4f}",
            )
    Console(highlight=False).print(table)


@event_app.command("pause")
def event_pause(
    code: str,
    database_url: Database = DEFAULT,
) -> None:
    """Interrupt an event: nothing is asked until it is resumed."""
    with report_errors():
        open_ledger(database_url).pause(code, True)
    typer.echo(f"{code} is paused. To go on: classroom proxy event resume {code}")


@event_app.command("resume")
def event_resume(
    code: str,
    database_url: Database = DEFAULT,
) -> None:
    """Let an event that was paused go on."""
    with report_errors():
        open_ledger(database_url).pause(code, False)
    typer.echo(f"{code} goes on.")


@event_app.command("forget-prompts")
def event_forget_prompts(
    code: str,
    database_url: Database = DEFAULT,
) -> None:
    """Delete the prompts that an event has stored; what they cost stays in the books."""
    with report_errors():
        count = open_ledger(database_url).forget_prompts(code)
    typer.echo(f"Deleted {count} stored prompts of {code}.")


@event_app.command("end")
def event_end(
    code: str,
    database_url: Database = DEFAULT,
) -> None:
    """End an event now."""
    with report_errors():
        open_ledger(database_url).end(code)
    typer.echo(f"{code} is over.")

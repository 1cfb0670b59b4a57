"""`classroom proxy …`: serve it, make events, let attendees in, see what they used."""

import csv
import logging
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich import box
from rich.console import Console
from rich.table import Column, Table

from classroom.proxy.errors import EventError, ProxyError
from classroom.proxy.events import ANY, NANO, Event, known_zone, moment

if TYPE_CHECKING:
    from classroom.proxy.ledger import Ledger

app = typer.Typer(
    help="Time-boxed, metered access to OpenAI for a class: you hold the key, learners hold an event code.",
    no_args_is_help=True,
)
event_app = typer.Typer(help="Make, list and end events.", no_args_is_help=True)
attendee_app = typer.Typer(help="Let learners in, each with a token of their own.", no_args_is_help=True)
app.add_typer(event_app, name="event")
app.add_typer(attendee_app, name="attendee")

Database = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="CLASSROOM_PROXY_DATABASE",
        help="A file for SQLite, or postgresql://user@host/name.",
    ),
]
_DEFAULT = "class-proxy.sqlite"
_HACKATHON = {"gpt-5.4-mini": "gpt-5.4-mini", "text-embedding-3-small": "text-embedding-3-small"}
_HACKATHON |= {
    "gpt-image-1.5": "gpt-image-1.5",
    "tts-1": "tts-1",
    "whisper-1": "whisper-1",
    ANY: "gpt-5.4-mini",
}


@contextmanager
def _told() -> Iterator[None]:
    """Our own errors as one line, exit code 2."""
    try:
        yield
    except ProxyError as error:
        typer.echo(f"classroom proxy: {error}", err=True)
        raise typer.Exit(2) from error


def _ledger(url: str) -> "Ledger":
    # loaded here: it takes most of a second, and --help needs none of it
    from classroom.proxy.database import connect
    from classroom.proxy.ledger import Ledger

    return Ledger(connect(url))


@app.command()
def serve(
    upstream: Annotated[
        Literal["mock", "openai", "azure"],
        typer.Option(help="mock needs no key; openai and azure read theirs from the environment."),
    ] = "mock",
    port: Annotated[int, typer.Option(help="Where to listen.")] = 8080,
    host: Annotated[
        str, typer.Option(help="On which address; 0.0.0.0 for a class in the same network.")
    ] = "127.0.0.1",
    database_url: Database = _DEFAULT,
    hub: Annotated[
        str | None, typer.Option(help="The API of a JupyterHub whose users may sign in: https://hub/hub/api.")
    ] = None,
    behind: Annotated[
        str, typer.Option("--behind", help="Addresses of the balancer whose X-Forwarded-For is believed.")
    ] = "",
) -> None:
    """Serve the proxy, until Ctrl-C."""
    import uvicorn

    from classroom.loopback import PortTaken
    from classroom.proxy.app import Proxy
    from classroom.proxy.upstream import Upstream, from_environment
    from classroom.standin.mock import OpenAIMock

    with _told():
        ledger = _ledger(database_url)
        target = None if upstream == "mock" else from_environment(upstream)
    try:
        mock = OpenAIMock(deployments={}) if target is None else None
    except PortTaken as error:
        typer.echo(f"classroom proxy: {error}", err=True)
        raise typer.Exit(2) from error
    password = os.environ.get("CLASSROOM_PROXY_ADMIN") or secrets.token_urlsafe(12)
    with mock or nullcontext():
        if mock is not None:
            target = Upstream(mock.base_url, "sk-mock-key")
            _ensure_hackathon(ledger)
        assert target is not None
        typer.echo(
            f"The class proxy listens on http://{host}:{port}/v1 (upstream: {upstream}). Ctrl-C ends it."
        )
        if "CLASSROOM_PROXY_ADMIN" not in os.environ:
            typer.echo(f"Who uses what: http://{host}:{port}/admin, user admin, password {password}")
        sys.stdout.flush()
        # learners hang up all the time: no line for each
        logging.getLogger("asyncio").setLevel(logging.ERROR)
        config = uvicorn.Config(
            Proxy(ledger, target, admin=password, hub=hub),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(behind),
            forwarded_allow_ips=behind or None,
            timeout_graceful_shutdown=20,
            h11_max_incomplete_event_size=64 * 1024,
        )
        server = uvicorn.Server(config)
        server.run()
        if not server.started:
            raise typer.Exit(2)


def _ensure_hackathon(ledger: "Ledger") -> None:
    """With the stand-in behind and no event, an open one for a day, so that examples work at once."""
    if ledger.events():
        return
    now = ledger.now()
    made = Event("hackathon", now, now + timedelta(days=1), open=True, models=_HACKATHON)
    ledger.add(made)
    typer.echo(
        f"An open event was made: hackathon, until {made.told(made.ends)}. A token is hackathon/your-name."
    )


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
    database_url: Database = _DEFAULT,
) -> None:
    """Make an event."""
    from classroom.proxy.tokens import CODE

    with _told():
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
        )
        _check_priced(made)
        _ledger(database_url).add(made)
    who = f"{code}/any-name" if open_ else "one for each attendee: classroom proxy attendee add, or import"
    typer.echo(f"{code}: from {made.told(made.starts)} to {made.told(made.ends)}. Token: {who}.")


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
    database_url: Database = _DEFAULT,
) -> None:
    """Every event."""
    table = Table("code", "from", "to", "token", "models", "spent")
    with _told():
        ledger = _ledger(database_url)
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
    database_url: Database = _DEFAULT,
) -> None:
    """End an event now."""
    with _told():
        _ledger(database_url).end(code)
    typer.echo(f"{code} is over.")


def _hand_out(told: dict[str, str], file: Path | None) -> None:
    if file is None:
        for name, token in told.items():
            typer.echo(f"{name}\t{token}")
        return
    # for nobody else's eyes
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(opened, "w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([("name", "token"), *told.items()])
    typer.echo(f"{len(told)} tokens are in {file}. They are told this once.")


@attendee_app.command("add")
def attendee_add(
    code: str,
    name: str,
    database_url: Database = _DEFAULT,
) -> None:
    """Let one learner in; prints the token, which is told this once."""
    with _told():
        _hand_out(_ledger(database_url).attend(code, [name]), None)


@attendee_app.command("import")
def attendee_import(
    code: str,
    roster: Annotated[Path, typer.Argument(help="A CSV with a column name (or github, login, email).")],
    out: Annotated[Path | None, typer.Option(help="Write name,token as CSV instead of printing.")] = None,
    database_url: Database = _DEFAULT,
) -> None:
    """Let a whole roster in."""
    with _told():
        _hand_out(_ledger(database_url).attend(code, _names(roster)), out)


def _names(roster: Path) -> list[str]:
    try:
        text = roster.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EventError(f"The roster {roster} can't be read: {error}") from error
    rows = list(csv.DictReader(text.splitlines()))
    columns = {str(name).strip().casefold(): name for name in (rows[0] if rows else {})}
    wanted = ("github", "github_username", "login", "sis login id", "user", "name", "student", "email")
    column = next((columns[name] for name in wanted if name in columns), None)
    if column is None:
        raise EventError(f"The roster {roster} needs a header with a column {', '.join(wanted[:3])} or name.")
    return ["-".join(row[column].split()).replace("/", "-").strip(".") for row in rows if row[column].strip()]


@attendee_app.command("rotate")
def attendee_rotate(
    code: str,
    name: Annotated[str | None, typer.Argument(help="One attendee; without a name, all of them.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write name,token as CSV instead of printing.")] = None,
    database_url: Database = _DEFAULT,
) -> None:
    """New tokens; the old ones are worth nothing from now on."""
    with _told():
        _hand_out(_ledger(database_url).rotate(code, name), out)


@attendee_app.command("remove")
def attendee_remove(
    code: str,
    name: str,
    database_url: Database = _DEFAULT,
) -> None:
    """Keep a learner out from now on; what they used stays in the books."""
    with _told():
        _ledger(database_url).remove(code, name)
    typer.echo(f"{name} is out of {code}.")


@app.command()
def report(
    code: str,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write it as CSV; - for standard output.", allow_dash=True)
    ] = None,
    database_url: Database = _DEFAULT,
) -> None:
    """Who used what, and for how much."""
    head = ("attendee", "model", "requests", "failed", "tokens in", "tokens out", "US dollars")
    with _told():
        lines = _ledger(database_url).report(code)
    rows = [
        (
            line.attendee,
            line.model,
            line.requests,
            line.failed,
            line.input_tokens,
            line.output_tokens,
            f"{line.cost / NANO:.9f}",
        )
        for line in lines
    ]
    if csv_file is not None:
        safe = [
            tuple(f"'{value}" if str(value).startswith(("=", "+", "-", "@")) else value for value in row)
            for row in rows
        ]
        with (
            nullcontext(sys.stdout)
            if str(csv_file) == "-"
            else csv_file.open("w", newline="", encoding="utf-8")
        ) as out:
            csv.writer(out, lineterminator="\n").writerows([head, *safe])
        return
    table = Table(
        *(Column(name, overflow="fold") for name in head), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for row in rows:
        table.add_row(*map(str, row))
    total = sum(line.cost for line in lines) / NANO
    Console(highlight=False).print(table)
    typer.echo(f"{sum(line.requests for line in lines)} requests, ${total:.6f}.")

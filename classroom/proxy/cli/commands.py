"""`classroom proxy …`: serve it, and see what was used; events and attendees have modules of their own."""

import logging
import os
import secrets
import sys
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich import box
from rich.console import Console
from rich.table import Column, Table

from classroom.proxy.administration.tabular import as_csv
from classroom.proxy.cli.attendee_commands import attendee_app
from classroom.proxy.cli.console import DEFAULT, Database, open_ledger, report_errors
from classroom.proxy.cli.event_commands import event_app
from classroom.proxy.rules.events import ANY, NANO, Event

if TYPE_CHECKING:
    from classroom.proxy.books.ledger import Ledger

app = typer.Typer(
    help="Time-boxed, metered access to OpenAI for a class: you hold the key, learners hold an event code.",
    no_args_is_help=True,
)
app.add_typer(event_app, name="event")
app.add_typer(attendee_app, name="attendee")

_A_CROWD = 1000  # names of an event that costs nothing
_HACKATHON = {"gpt-5.4-mini": "gpt-5.4-mini", "text-embedding-3-small": "text-embedding-3-small"}
_HACKATHON |= {
    "gpt-image-2": "gpt-image-2",
    "gpt-realtime-2.1-mini": "gpt-realtime-2.1-mini",
    "gpt-audio-1.5": "gpt-audio-1.5",
    "gpt-transcribe": "gpt-transcribe",
    "omni-moderation-latest": "omni-moderation-latest",
    ANY: "gpt-5.4-mini",
}
_LEGACY = {"gpt-3.5-turbo-instruct": "gpt-3.5-turbo-instruct"}  # for /completions; ends on purpose


@app.command()
def serve(
    upstream: Annotated[
        Literal["mock", "openai", "azure"],
        typer.Option(help="mock needs no key; openai and azure read theirs from the environment."),
    ] = "mock",
    port: Annotated[int, typer.Option(help="Where to listen; 0 lets the system choose.")] = 8080,
    host: Annotated[
        str, typer.Option(help="On which address; 0.0.0.0 for a class in the same network.")
    ] = "127.0.0.1",
    database_url: Database = DEFAULT,
    hub: Annotated[
        str | None, typer.Option(help="The API of a JupyterHub whose users may sign in: https://hub/hub/api.")
    ] = None,
    behind: Annotated[
        str, typer.Option("--behind", help="Addresses of the balancer whose X-Forwarded-For is believed.")
    ] = "",
    upstreams: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file with several upstreams, which are asked in turn; instead of --upstream."
        ),
    ] = None,
    legacy: Annotated[
        bool, typer.Option("--legacy", help="With --upstream mock: what OpenAI has retired answers, too.")
    ] = False,
) -> None:
    """Serve the proxy, until Ctrl-C.

    With CLASSROOM_PROXY_SMTP in the environment (smtps://user@host:465), learners may sign in by a code sent by e-mail.
    """
    import uvicorn

    from classroom.http_protocol import LONGEST_HEAD, LONGEST_IDLE, bounded_http
    from classroom.loopback import PortTaken, bind, network_url_of
    from classroom.proxy import mail
    from classroom.proxy.app import Proxy
    from classroom.proxy.calling.upstream import Upstream, from_environment
    from classroom.proxy.calling.upstreams import from_file
    from classroom.standin.mock import OpenAIMock

    with report_errors():
        by_mail = mail.from_environment()
        ledger = open_ledger(database_url, new=True)
        targets = [] if upstream == "mock" else [from_environment(upstream)]
        if upstreams is not None:
            targets = from_file(upstreams)
    try:
        listener = bind(port, host)
        mock = None if targets else OpenAIMock(deployments={}, legacy=legacy)
    except PortTaken as error:
        typer.echo(f"classroom proxy: {error}", err=True)
        raise typer.Exit(2) from error
    password = os.environ.get("CLASSROOM_PROXY_ADMIN") or secrets.token_urlsafe(12)
    with listener, mock or nullcontext():
        if mock is not None:
            targets = [Upstream(mock.base_url, "sk-mock-key")]
            _ensure_hackathon(ledger, legacy=legacy)
        behind_it = ", ".join(each.name for each in targets) if upstreams else upstream
        address = network_url_of(listener)
        typer.echo(f"The class proxy listens on {address}/v1 (upstream: {behind_it}). Ctrl-C ends it.")
        shown = "that of CLASSROOM_PROXY_ADMIN" if "CLASSROOM_PROXY_ADMIN" in os.environ else password
        typer.echo(f"Instructors sign in at {address}/admin, password: {shown}")
        typer.echo(f"Learners join at {address}/join")
        if by_mail is not None:
            typer.echo(f"Learners of a roster may sign in by a code from {by_mail.sender}.")
        sys.stdout.flush()
        # learners hang up all the time: no line for each
        logging.getLogger("asyncio").setLevel(logging.ERROR)
        config = uvicorn.Config(
            Proxy(ledger, targets, admin=password, hub=hub, mail=by_mail),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(behind),
            forwarded_allow_ips=behind or None,
            timeout_graceful_shutdown=20,
            timeout_keep_alive=LONGEST_IDLE,
            http=bounded_http(),
            h11_max_incomplete_event_size=LONGEST_HEAD,
            ws="websockets-sansio",
            ws_max_size=2 * 1024 * 1024,
            ws_per_message_deflate=False,
        )
        server = uvicorn.Server(config)
        server.run(sockets=[listener])
        if not server.started:
            raise typer.Exit(2)


def _ensure_hackathon(ledger: "Ledger", *, legacy: bool) -> None:
    """With the stand-in behind and no event, an open one for a day, so that examples work at once."""
    if ledger.events():
        return
    now = ledger.now()
    made = Event(
        "hackathon",
        now,
        now + timedelta(days=1),
        open=True,
        models=_HACKATHON | (_LEGACY if legacy else {}),
        most_attendees=_A_CROWD,
        names_per_hour=_A_CROWD,
    )
    ledger.add(made)
    typer.echo(
        f"An open event was made: hackathon, until {made.local_time(made.ends)}. A token is hackathon/your-name."
    )


@app.command()
def report(
    code: str,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write it as CSV; - for standard output.", allow_dash=True)
    ] = None,
    by: Annotated[
        Literal["model", "learner", "time", "refusal"],
        typer.Option(help="Learners and models; learners and what they have left; hours or days; refusals."),
    ] = "model",
    database_url: Database = DEFAULT,
) -> None:
    """Who used what, and for how much; or when, or what was refused and why."""
    # loaded here: it takes most of a second, and --help needs none of it
    from classroom.proxy.administration import reports

    with report_errors():
        ledger = open_ledger(database_url)
        event = ledger.existing(code)
        rows = reports.of_event(ledger, event, by)
    if csv_file is not None:
        with (
            nullcontext(sys.stdout)
            if str(csv_file) == "-"
            else csv_file.open("w", newline="", encoding="utf-8")
        ) as out:
            out.write(as_csv(rows))
        return
    head, *body = rows
    table = Table(
        *(Column(str(name), overflow="fold") for name in head), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for row in body:
        table.add_row(*map(str, row))
    Console(highlight=False).print(table)
    if by == "model":
        lines = ledger.report(code)
        total = sum(line.cost for line in lines) / NANO
        typer.echo(f"{sum(line.requests for line in lines)} requests, ${total:.6f}.")

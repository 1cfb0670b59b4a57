"""`classroom proxy attendee …`: add and remove learners."""

import csv
import os
from pathlib import Path
from typing import Annotated

import typer

from classroom.proxy.cli.console import DEFAULT, Database, open_ledger, report_errors
from classroom.proxy.rules import rosters

attendee_app = typer.Typer(help="Let learners in, each with a token of their own.", no_args_is_help=True)


def _hand_out(issued: dict[str, str], file: Path | None) -> None:
    if file is None:
        for name, token in issued.items():
            typer.echo(f"{name}\t{token}")
        return
    # for nobody else's eyes
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(opened, "w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([("name", "token"), *issued.items()])
    typer.echo(f"{len(issued)} tokens are in {file}. They are shown only this once.")


@attendee_app.command("add")
def attendee_add(
    code: str,
    name: str,
    email: Annotated[
        str, typer.Option(help="Where a code may be sent by which they sign in: see serve --mail.")
    ] = "",
    database_url: Database = DEFAULT,
) -> None:
    """Let one learner in; prints the token, which is shown only this once."""
    with report_errors():
        addresses = {name: email} if email else {}
        _hand_out(open_ledger(database_url).attend(code, [name], addresses), None)


@attendee_app.command("import")
def attendee_import(
    code: str,
    roster: Annotated[
        Path,
        typer.Argument(help="The platform's own roster, or a CSV with a column login, email or name."),
    ],
    out: Annotated[Path | None, typer.Option(help="Write name,token as CSV instead of printing.")] = None,
    database_url: Database = DEFAULT,
) -> None:
    """Let a whole roster in."""
    with report_errors():
        listed = rosters.read_roster(roster)
        ledger = open_ledger(database_url)
        addresses = {each.name: each.address for each in listed if each.address}
        _hand_out(ledger.attend(code, [each.name for each in listed], addresses), out)


@attendee_app.command("rotate")
def attendee_rotate(
    code: str,
    name: Annotated[str | None, typer.Argument(help="One attendee; without a name, all of them.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write name,token as CSV instead of printing.")] = None,
    database_url: Database = DEFAULT,
) -> None:
    """New tokens; the old ones are worth nothing from now on."""
    with report_errors():
        _hand_out(open_ledger(database_url).rotate(code, name), out)


@attendee_app.command("remove")
def attendee_remove(
    code: str,
    name: str,
    database_url: Database = DEFAULT,
) -> None:
    """Keep a learner out from now on; what they used stays in the books."""
    with report_errors():
        open_ledger(database_url).remove(code, name)
    typer.echo(f"{name} is out of {code}.")

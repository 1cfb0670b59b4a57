"""What the proxy's commands share: where the books are, and how errors are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from classroom.proxy.errors import ProxyError

if TYPE_CHECKING:
    from classroom.proxy.ledger import Ledger

Database = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="CLASSROOM_PROXY_DATABASE",
        help="A file for SQLite, or postgresql://user@host/name.",
    ),
]
DEFAULT = "class-proxy.sqlite"


@contextmanager
def reported() -> Iterator[None]:
    """Our own errors as one line, exit code 2."""
    try:
        yield
    except ProxyError as error:
        typer.echo(f"classroom proxy: {error}", err=True)
        raise typer.Exit(2) from error


def open_ledger(url: str) -> "Ledger":
    """The books at that address.

    Raises:
        DatabaseError: they can't be used.
    """
    # loaded here: it takes most of a second, and --help needs none of it
    from classroom.proxy.database import connect
    from classroom.proxy.ledger import Ledger

    return Ledger(connect(url))

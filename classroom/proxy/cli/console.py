"""What the proxy's commands share: opening the database and printing errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from classroom.proxy.rules.errors import DatabaseError, ProxyError

if TYPE_CHECKING:
    from classroom.proxy.books.ledger import Ledger

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
def report_errors() -> Iterator[None]:
    """Print our own errors as one line, and exit with code 2."""
    try:
        yield
    except ProxyError as error:
        typer.echo(f"classroom proxy: {error}", err=True)
        raise typer.Exit(2) from error


def open_ledger(url: str, *, new: bool = False) -> "Ledger":
    """The books at that address.

    Args:
        url: see `classroom.proxy.books.database.connect`.
        new: whether a file that is not there yet is made. Every other command needs one that is there.

    Raises:
        DatabaseError: they can't be used.
    """
    file = _file_of(url)
    if file is not None and not new and not file.exists():
        raise DatabaseError(
            f"There is no database {url}. Name the one that the proxy uses with --database, or make an event: "
            "classroom proxy event add."
        )
    # loaded here: it takes most of a second, and --help needs none of it
    from classroom.proxy.books.database import connect
    from classroom.proxy.books.ledger import Ledger

    return Ledger(connect(url))


def _file_of(url: str) -> Path | None:
    """The file of an SQLite database; None for any other."""
    if "://" not in url:
        return Path(url)
    scheme, _, place = url.partition(":///")
    return Path(place) if scheme == "sqlite" and place and place != ":memory:" else None

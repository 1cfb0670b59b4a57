"""The database: SQLite in a file with nothing to set up, or PostgreSQL by its URL for several proxies at once."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from classroom.proxy.rules.errors import DatabaseError

_MIGRATIONS = Path(__file__).parents[1] / "migrations"
_BUSY_SECONDS = 30


def connect(url: str) -> Engine:
    """An engine whose tables are those of this version.

    Args:
        url: a file's path, `sqlite:///file`, or `postgresql://user@host/name`.

    Raises:
        DatabaseError: it can't be reached, or is of a later version.
    """
    if "://" not in url:
        url = f"sqlite:///{Path(url).resolve()}"
    if url.startswith(("postgresql://", "postgres://")):
        url = f"postgresql+psycopg://{url.partition('://')[2]}"
    try:
        engine = (
            _sqlite(url) if url.startswith("sqlite") else create_engine(url, pool_size=16, pool_pre_ping=True)
        )
        _migrate(engine)
    except (SQLAlchemyError, ArgumentError, OSError, CommandError) as error:
        shown = engine.url.render_as_string() if "engine" in locals() else url.partition("@")[2] or url
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise DatabaseError(f"The database {shown} can't be used: {reason}") from error
    return engine


def _sqlite(url: str) -> Engine:
    made = create_engine(url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(made, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, below
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is in no free page of the file

    @event.listens_for(made, "begin")
    def begin(connection: Any) -> None:
        # a transaction that reads first and writes then could find that another wrote between
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made


def clear_log(engine: Engine) -> None:
    """Take over what SQLite has written ahead, where older content of a page may still be; PostgreSQL does so by itself."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # two proxies may start at once
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7239)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

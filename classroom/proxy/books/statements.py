"""SQL statements that admit and settle a call, built once: building one costs more than running it.

A cap is part of the statement that counts: `UPDATE … WHERE requests < cap`. The database lets one such statement after the
other at a row, whichever process it comes from, so that of N+1 at once N are admitted.

They are sent by the database's own driver: what SQLAlchemy does around each costs three times what the statement does.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ClauseElement,
    Dialect,
    Engine,
    and_,
    bindparam,
    case,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from classroom.proxy.books.tables import attendees, calls, events


def _number(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


_MINE = and_(attendees.c.event == bindparam("event_"), attendees.c.name == bindparam("attendee_"))
_TODAY = case((attendees.c.day == bindparam("today"), attendees.c.requests), else_=0)
_WITHIN_BUDGET = or_(
    _number("budget").is_(None),
    attendees.c.spent + attendees.c.reserved + _number("amount") <= _number("budget"),
)
COUNT_ATTENDEE = (
    update(attendees)
    .where(_MINE, or_(_number("cap").is_(None), _number("cap") >= _TODAY + _number("number")), _WITHIN_BUDGET)
    .values(
        day=bindparam("today"),
        requests=_TODAY + _number("number"),
        reserved=attendees.c.reserved + _number("amount"),
    )
)
REQUESTS_OF_ATTENDEE = select(_TODAY).where(_MINE)
RESERVE_OF_EVENT = (
    update(events)
    .where(
        events.c.code == bindparam("event_"),
        or_(
            _number("budget").is_(None),
            events.c.spent + events.c.reserved + _number("amount") <= _number("budget"),
        ),
    )
    .values(reserved=events.c.reserved + _number("amount"))
)
OPEN_CALL = insert(calls)
CLOSE_CALL = (
    update(calls)
    .where(calls.c.id == bindparam("id_"), calls.c.state == "open")
    .values(
        state=bindparam("state_"),
        cost=_number("cost_"),
        input_tokens=_number("given"),
        output_tokens=_number("made_"),
        status=_number("status_"),
        prompt=bindparam("prompt_"),
    )
)
# a request that failed is given back, unless another day has begun since
_GIVEN_BACK = case(
    (and_(attendees.c.day == bindparam("today"), attendees.c.requests >= _number("back")), _number("back")),
    else_=0,
)
CHARGE_ATTENDEE = (
    update(attendees)
    .where(_MINE)
    .values(
        reserved=attendees.c.reserved - _number("amount"),
        spent=attendees.c.spent + _number("cost_"),
        requests=attendees.c.requests - _GIVEN_BACK,
    )
)
CHARGE_EVENT = (
    update(events)
    .where(events.c.code == bindparam("event_"))
    .values(reserved=events.c.reserved - _number("amount"), spent=events.c.spent + _number("cost_"))
)

_COLUMNS_OF_A_CALL = (
    "id",
    "event",
    "attendee",
    "route",
    "model",
    "day",
    "at",
    "state",
    "owner",
    "expires",
    "reserved",
)


@cache
def _written(statement: ClauseElement, database: str) -> tuple[str, dict[str, Any]]:
    """A statement in the words of a driver, and its own constants. Both drivers take values by name."""
    dialect: Dialect = sqlite.dialect(paramstyle="named")
    if database == "postgresql":
        dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    named = list(_COLUMNS_OF_A_CALL) if statement is OPEN_CALL else None
    compiled = statement.compile(dialect=dialect, column_keys=named)
    own = {name: value for name, value in (compiled.params or {}).items() if value is not None}
    return str(compiled), own


class Transaction:
    """What is done together, or not at all.

    Args:
        engine: SQLite or PostgreSQL.
        cursor: of the driver, within a transaction.
    """

    def __init__(self, engine: Engine, cursor: Any) -> None:
        self._database, self._cursor = engine.dialect.name, cursor

    def execute(self, statement: ClauseElement, facts: Mapping[str, Any]) -> int:
        """Returns how many rows it changed."""
        text, own = _written(statement, self._database)
        self._cursor.execute(text, {**own, **facts})
        return int(self._cursor.rowcount)

    def value(self, statement: ClauseElement, facts: Mapping[str, Any]) -> Any:
        """The first column of the first row."""
        self.execute(statement, facts)
        return self._cursor.fetchone()[0]


@contextmanager
def transaction(engine: Engine) -> Iterator[Transaction]:
    """On a connection of the engine's pool; undone as a whole if anything goes wrong."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        if engine.dialect.name == "sqlite":
            # a transaction that reads first and writes then could find that another wrote between
            cursor.execute("BEGIN IMMEDIATE")
        yield Transaction(engine, cursor)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.close()

"""Batches in the database: files of requests with their prices, and which batches wait for their answers."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine, RowMapping, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from classroom.proxy.books.belongings import KEPT_SECONDS
from classroom.proxy.books.tables import batch_files, batches


@dataclass(frozen=True)
class RequestFile:
    """A file of requests.

    Attributes:
        terms: a digest of the event's terms by which it was read.
        endpoint: such as "/v1/responses".
        asked, model: the model's name for the learner, and the upstream's.
        lines: `custom_id` → what that request costs at most, in billionths of a dollar.
    """

    terms: str
    endpoint: str
    asked: str
    model: str
    lines: Mapping[str, int]

    @property
    def most(self) -> int:
        """What all of them cost at most."""
        return sum(self.lines.values())


@dataclass(frozen=True)
class Batch:
    """A batch, and the call that reserved its cost.

    Attributes:
        id: the upstream's.
        event, attendee: whose it is.
        call: the call's identifier in the ledger; `day`: when it was made, in the event's zone, such as "2026-11-21".
        reserved: what all answers cost at most, in billionths of a dollar.
        requests: how many the call counts as.
        endpoint: such as "/v1/responses".
        model: the upstream's name.
        lines: `custom_id` → what that request costs at most, in billionths of a dollar.
        upstream: the name of the one that runs it.
        state: "open" until its answers are charged, then "settled".
    """

    id: str
    event: str
    attendee: str
    call: str
    day: str
    reserved: int
    requests: int
    endpoint: str
    model: str
    lines: Mapping[str, int]
    upstream: str
    state: str = "open"


class BatchBooks:
    """Files of requests, and batches. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine, self._clock = engine, clock

    def keep_file(self, id: str, code: str, attendee: str, file: RequestFile) -> None:
        """Note how a file was read."""
        facts = {
            "terms": file.terms,
            "endpoint": file.endpoint,
            "asked": file.asked,
            "model": file.model,
            "lines": json.dumps(dict(file.lines)),
            "at": self._clock(),
        }
        dialect: Any = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        made = dialect.insert(batch_files).values(id=id, event=code, attendee=attendee, **facts)
        again = made.on_conflict_do_update(index_elements=["id", "event", "attendee"], set_=facts)
        with self._engine.begin() as connection:
            connection.execute(again)

    def file(self, id: str, code: str | None, attendee: str | None) -> RequestFile | None:
        """How an attendee's file was read; None for what is none. `code` and `attendee` as of `Belongings.tokens_of`."""
        row = self._row(batch_files, id, code, attendee)
        if row is None:
            return None
        return RequestFile(
            row["terms"], row["endpoint"], row["asked"], row["model"], json.loads(row["lines"])
        )

    def open(self, batch: Batch) -> None:
        """Note a batch that was begun."""
        facts = {**asdict(batch), "lines": json.dumps(dict(batch.lines)), "at": self._clock()}
        with self._engine.begin() as connection:
            connection.execute(insert(batches).values(**facts))

    def batch(self, id: str, code: str | None, attendee: str | None) -> Batch | None:
        """An attendee's batch; None if there is none of that identifier. `code` and `attendee` as of `file`."""
        row = self._row(batches, id, code, attendee)
        return None if row is None else _batch(row)

    def _row(self, table: Table, id: str, code: str | None, attendee: str | None) -> RowMapping | None:
        """What a table has of an identifier, of one attendee's or, without a code, of anybody's."""
        wanted = select(table).where(table.c.id == id)
        if code is not None:
            wanted = wanted.where(table.c.event == code, table.c.attendee == attendee)
        with self._engine.begin() as connection:
            return connection.execute(wanted).mappings().first()

    def waiting(self) -> list[Batch]:
        """Those that are not settled, of all attendees."""
        with self._engine.begin() as connection:
            chosen = select(batches).where(batches.c.state == "open").order_by(batches.c.at)
            return [_batch(row) for row in connection.execute(chosen).mappings().all()]

    def close(self, batch: Batch) -> None:
        """Note that a batch is settled."""
        mine = (
            batches.c.id == batch.id,
            batches.c.event == batch.event,
            batches.c.attendee == batch.attendee,
        )
        with self._engine.begin() as connection:
            connection.execute(update(batches).where(*mine).values(state="settled"))

    def forget(self) -> None:
        """Delete what nobody can ask for any longer."""
        old = self._clock() - KEPT_SECONDS
        with self._engine.begin() as connection:
            connection.execute(delete(batch_files).where(batch_files.c.at < old))
            connection.execute(delete(batches).where(batches.c.at < old))


def _batch(row: Any) -> Batch:
    named = {name: row[name] for name in Batch.__dataclass_fields__}
    named |= {"lines": json.loads(row["lines"]), "reserved": int(row["reserved"])}
    return Batch(**named)

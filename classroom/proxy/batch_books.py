"""Batches in the database: files of requests with their prices, and which batches wait for their answers."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from classroom.proxy.belongings import KEPT_SECONDS
from classroom.proxy.tables import batch_files, batches


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
    """A batch, and the call that reserved its cost: `call`, made on `day`, of `reserved` and as so many `requests`."""

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
        chosen = select(batch_files).where(batch_files.c.id == id)
        if code is not None:
            chosen = chosen.where(batch_files.c.event == code, batch_files.c.attendee == attendee)
        with self._engine.begin() as connection:
            row = connection.execute(chosen).mappings().first()
        if row is None:
            return None
        return RequestFile(
            row["terms"], row["endpoint"], row["asked"], row["model"], json.loads(row["lines"])
        )

    def open(self, batch: Batch) -> None:
        """Note a batch that was begun."""
        facts = {**batch.__dict__, "lines": json.dumps(dict(batch.lines)), "at": self._clock()}
        with self._engine.begin() as connection:
            connection.execute(insert(batches).values(**facts))

    def batch(self, id: str, code: str | None, attendee: str | None) -> Batch | None:
        """An attendee's batch."""
        chosen = select(batches).where(batches.c.id == id)
        if code is not None:
            chosen = chosen.where(batches.c.event == code, batches.c.attendee == attendee)
        with self._engine.begin() as connection:
            row = connection.execute(chosen).mappings().first()
        return None if row is None else _batch(row)

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

"""Events and attendees in the database."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from classroom.proxy.books.tables import (
    attendees,
    batch_files,
    batches,
    calls,
    events,
    identifiers,
    mailed,
    refused,
)
from classroom.proxy.rules import refusals, rosters, tokens
from classroom.proxy.rules.errors import EventError
from classroom.proxy.rules.events import NANO, Event

NO_SECRET = "-"  # noqa: S105 - no digest looks like that: nothing matches it


class Register:
    """Who attends what. Safe to use from several threads, and from several processes on one database."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.fromtimestamp(self._clock(), UTC)

    def add(self, event: Event) -> None:
        """Make an event.

        Raises:
            EventError: there is one of that code, it ends before it starts, or offers nothing.
        """
        if event.ends <= event.starts:
            raise EventError(
                f"The event ends ({event.local_time(event.ends)}) before it starts ({event.local_time(event.starts)})."
            )
        if not event.models:
            raise EventError("The event offers no model: add --models.")
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(events).values(**_row(event)))
        except IntegrityError as error:
            raise EventError(f"There is an event {event.code!r} already.") from error

    def change(self, event: Event) -> None:
        """Put other terms in force for the event of that code; what was counted stays."""
        row = _row(event)
        del row["salt"]  # the upstream goes on knowing everybody by the same pseudonym
        del row["paused"]  # a pause in the meantime stays
        with self._engine.begin() as connection:
            connection.execute(update(events).where(events.c.code == event.code).values(**row))

    def extend(self, code: str, ends: datetime) -> Event:
        """Let an event last until a later moment, also one that is over.

        Raises:
            EventError: there is none of that code, or it lasts as long already.
        """
        later = update(events).where(events.c.code == code, events.c.ends < ends.timestamp())
        with self._engine.begin() as connection:
            done = connection.execute(later.values(ends=ends.timestamp()))
        event = self.existing(code)
        if done.rowcount != 1:
            raise EventError(
                f"{code} lasts until {event.local_time(event.ends)} already. To shorten it: event change --ends, or event end."
            )
        return event

    def top_up(self, code: str, amount: int) -> Event:
        """Add to the budget of an event, in billionths of a dollar; two at once are both added.

        Raises:
            EventError: there is none of that code, or it has no budget.
        """
        more = update(events).where(events.c.code == code, events.c.event_budget.is_not(None))
        with self._engine.begin() as connection:
            done = connection.execute(more.values(event_budget=events.c.event_budget + amount))
        event = self.existing(code)
        if done.rowcount != 1:
            raise EventError(
                f"{code} has no budget of its own, so nothing of it can run out. To set one: "
                f"classroom proxy event change {code} --budget {amount / NANO:g}"
            )
        return event

    def event(self, code: str) -> Event | None:
        """The event of that code."""
        with self._engine.begin() as connection:
            row = connection.execute(select(events).where(events.c.code == code)).mappings().first()
        return None if row is None else _event(row)

    def existing(self, code: str) -> Event:
        """The event of that code.

        Raises:
            EventError: there is none.
        """
        event = self.event(code)
        if event is None:
            raise EventError(f"There is no event {code!r}.")
        return event

    def events(self) -> list[tuple[Event, int]]:
        """Every event, the latest first, and what was spent on it."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(events).order_by(events.c.starts.desc())).mappings().all()
        return [(_event(row), int(row["spent"])) for row in rows]

    def pause(self, code: str, paused: bool) -> None:
        """Interrupt an event, or let it go on.

        Raises:
            EventError: there is none of that code.
        """
        self._set(code, paused=paused)

    def describe(self, code: str, text: str) -> None:
        """Set what the join page says of an event.

        Raises:
            EventError: there is none of that code.
        """
        self._set(code, text=text)

    def end(self, code: str) -> None:
        """End an event now.

        Raises:
            EventError: there is none of that code.
        """
        self._set(code, ends=self._clock())

    def _set(self, code: str, **values: object) -> None:
        with self._engine.begin() as connection:
            done = connection.execute(update(events).where(events.c.code == code).values(**values))
        if done.rowcount != 1:
            raise EventError(f"There is no event {code!r}.")

    def attend(
        self, code: str, names: Sequence[str], addresses: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Make attendees; returns the token of each, which is shown only this once.

        Args:
            addresses: a name → where mail reaches them.

        Raises:
            EventError: there is no such event, a name can't be one, or is there already; an address is none. Then none is made.
        """
        self.existing(code)
        for address in (addresses or {}).values():
            if not rosters.is_address(address):
                raise EventError(f"{address[:80]!r} is no address for e-mail.")
        issued = {}
        try:
            with self._engine.begin() as connection:
                for name in names:
                    if not name.isascii() or not tokens.is_name(name):
                        raise EventError(
                            f"{name!r} can't be a name: a token goes into HTTP headers. Write English letters, digits and "
                            "dashes, without spaces, slashes, or dots at its ends."
                        )
                    secret = tokens.new_secret()
                    row = {"event": code, "name": name, "secret": tokens.digest(secret)}
                    row["email"] = (addresses or {}).get(name, "").casefold()
                    connection.execute(insert(attendees).values(**row))
                    issued[name] = f"{code}/{name}.{secret}"
        except IntegrityError as error:
            raise EventError(
                f"{name!r} attends {code} already: `attendee rotate` gives a new token."
            ) from error
        return issued

    def register(self, event: Event, name: str) -> str:
        """Let someone in who came by themself; returns their token.

        Raises:
            EventError: the name can't be one, or is there already.
            APIError: 403, as many names as the event takes have come.
        """
        if not tokens.is_name(name):
            raise EventError(f"{name[:64]!r} can't be a name: no spaces, slashes, or dots at its ends.")
        secret = tokens.new_secret()
        with self._engine.begin() as connection:
            if not self.take_in(connection, event, name, tokens.digest(secret)):
                raise EventError(
                    f"{name!r} attends {event.code} already: ask your instructor for a new token."
                )
        return f"{event.code}/{name}.{secret}"

    def take_in(
        self,
        connection: Connection,
        event: Event,
        name: str,
        secret: str | None = None,
        *,
        bounded: bool = True,
    ) -> bool:
        """Make an attendee who came by themself, one name after the other; False if there is one of that name.

        Args:
            connection: in a transaction.
            event: as it is now.
            name: of the attendee.
            secret: its digest; None in open events.
            bounded: whether the event's bound on names holds.

        Raises:
            APIError: 403, as many names as the event takes have come.
        """
        if bounded:
            # the event's row is held until this transaction ends: two at once can't both be the last
            connection.execute(select(events.c.code).where(events.c.code == event.code).with_for_update())
        mine = attendees.c.event == event.code
        # asked while it is held: to insert what another is about to change would wait for it, and it for us
        if connection.execute(select(attendees.c.name).where(mine, attendees.c.name == name)).first():
            return False
        here = or_(attendees.c.secret.is_(None), attendees.c.secret != NO_SECRET)
        counted = select(func.count()).select_from(attendees).where(mine, here)
        if bounded and connection.execute(counted).scalar_one() >= event.most_attendees:
            raise refusals.full(event)
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        made = connection.execute(
            dialect.insert(attendees)
            .values(event=event.code, name=name, secret=secret)
            .on_conflict_do_nothing()
        )
        return bool(made.rowcount == 1)

    def attends(self, code: str, name: str) -> bool:
        """Whether there is an attendee of that name, with a secret or without."""
        with self._engine.begin() as connection:
            found = select(attendees.c.name).where(attendees.c.event == code, attendees.c.name == name)
            return connection.execute(found).first() is not None

    def rotate(self, code: str, name: str | None = None) -> dict[str, str]:
        """Give an attendee, or all of them, a new token; the old one is worth nothing from now on.

        Raises:
            EventError: there is no such attendee.
        """
        issued = {}
        mine = attendees.c.event == code
        chosen = and_(mine, attendees.c.name == name) if name else and_(mine, attendees.c.secret.is_not(None))
        with self._engine.begin() as connection:
            for found in connection.execute(select(attendees.c.name).where(chosen)).scalars().all():
                secret = tokens.new_secret()
                connection.execute(
                    update(attendees)
                    .where(mine, attendees.c.name == found)
                    .values(secret=tokens.digest(secret))
                )
                issued[found] = f"{code}/{found}.{secret}"
        if not issued:
            raise EventError(f"There is no attendee {name or ''} of {code!r}.")
        return issued

    def remove(self, code: str, name: str) -> None:
        """Forget an attendee's token; what they used stays in the books."""
        with self._engine.begin() as connection:
            connection.execute(
                update(attendees)
                .where(attendees.c.event == code, attendees.c.name == name)
                .values(secret=NO_SECRET)
            )

    def secret_of(self, code: str, name: str) -> str | None:
        """What is stored of an attendee's secret."""
        with self._engine.begin() as connection:
            return connection.execute(
                select(attendees.c.secret).where(attendees.c.event == code, attendees.c.name == name)
            ).scalar()

    def delete(self, code: str) -> None:
        """Delete an event, its attendees and its books."""
        with self._engine.begin() as connection:
            for table, column in (
                (identifiers, identifiers.c.event),
                (batch_files, batch_files.c.event),
                (batches, batches.c.event),
                (refused, refused.c.event),
                (mailed, mailed.c.event),
                (calls, calls.c.event),
                (attendees, attendees.c.event),
                (events, events.c.code),
            ):
                connection.execute(delete(table).where(column == code))


def _row(event: Event) -> dict[str, Any]:
    return asdict(event) | {
        "starts": event.starts.timestamp(),
        "ends": event.ends.timestamp(),
        "models": json.dumps(dict(event.models)),
        "allows": " ".join(event.allows),
    }


def _event(row: Any) -> Event:
    named = {name: row[name] for name in Event.__dataclass_fields__}
    named |= {
        "starts": datetime.fromtimestamp(row["starts"], UTC),
        "ends": datetime.fromtimestamp(row["ends"], UTC),
        "models": json.loads(row["models"]),
        "allows": tuple(row["allows"].split()),
    }
    return Event(**named)

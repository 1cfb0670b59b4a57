"""Who asked for how much: reserved before a call, settled after it, each in one transaction.

A cap is part of the statement that counts: `UPDATE … WHERE requests < cap`. The database lets one such statement after the
other at a row, whichever process it comes from, so that of N+1 at once N are admitted.
"""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Engine,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from classroom.proxy import refusals, tokens
from classroom.proxy.errors import EventError
from classroom.proxy.events import Event
from classroom.proxy.tables import attendees, calls, events

LEASE_SECONDS = 60.0  # a call that nobody has vouched for so long belongs to a process that is gone
_NO_SECRET = "-"  # noqa: S105 - no digest looks like that: nothing matches it
_MOST_KEPT = 100_000  # characters of a prompt or an answer


# --- the statements of a call, built once: building one costs more than running it -------------------------------


def _number(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


_MINE = and_(attendees.c.event == bindparam("event_"), attendees.c.name == bindparam("attendee_"))
_TODAY = case((attendees.c.day == bindparam("today"), attendees.c.requests), else_=0)
_WITHIN_BUDGET = or_(
    _number("budget").is_(None),
    attendees.c.spent + attendees.c.reserved + _number("amount") <= _number("budget"),
)
_COUNT_ATTENDEE = (
    update(attendees)
    .where(_MINE, or_(_number("cap").is_(None), _number("cap") > _TODAY), _WITHIN_BUDGET)
    .values(day=bindparam("today"), requests=_TODAY + 1, reserved=attendees.c.reserved + _number("amount"))
)
_REQUESTS_OF_ATTENDEE = select(_TODAY).where(_MINE)
_RESERVE_OF_EVENT = (
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
_OPEN_CALL = insert(calls)
_CLOSE_CALL = (
    update(calls)
    .where(calls.c.id == bindparam("id_"), calls.c.state == "open")
    .values(
        state=bindparam("state_"),
        cost=_number("cost_"),
        input_tokens=_number("given"),
        output_tokens=_number("made_"),
        status=_number("status_"),
        prompt=bindparam("prompt_"),
        answer=bindparam("answer_"),
    )
)
# a request that failed is given back, unless another day has begun since
_GIVEN_BACK = case(
    (and_(attendees.c.day == bindparam("today"), attendees.c.requests > 0), _number("back")), else_=0
)
_CHARGE_ATTENDEE = (
    update(attendees)
    .where(_MINE)
    .values(
        reserved=attendees.c.reserved - _number("amount"),
        spent=attendees.c.spent + _number("cost_"),
        requests=attendees.c.requests - _GIVEN_BACK,
    )
)
_CHARGE_EVENT = (
    update(events)
    .where(events.c.code == bindparam("event_"))
    .values(reserved=events.c.reserved - _number("amount"), spent=events.c.spent + _number("cost_"))
)


@dataclass(frozen=True)
class Reservation:
    """A call that was admitted."""

    id: str
    event: str
    attendee: str
    day: str
    amount: int


@dataclass(frozen=True)
class Settlement:
    """How a call ended. `failed`: the upstream gave nothing; the request is given back, and nothing is charged."""

    cost: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    status: int | None = None
    failed: bool = False
    prompt: str | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Standing:
    """What a learner has used."""

    day: str
    requests: int
    spent: int
    reserved: int


@dataclass(frozen=True)
class Line:
    """One line of a report."""

    attendee: str
    model: str
    requests: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost: int


class Ledger:
    """The books of all events. Safe to use from several threads, and from several processes on one database."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self._owner = uuid.uuid4().hex
        self._known: set[tuple[str, str]] = set()

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.fromtimestamp(self._clock(), UTC)

    # --- events and attendees ---------------------------------------------------------------------------------

    def add(self, event: Event) -> None:
        """Make an event.

        Raises:
            EventError: there is one of that code, it ends before it starts, or offers nothing.
        """
        if event.ends <= event.starts:
            raise EventError(
                f"The event ends ({event.told(event.ends)}) before it starts ({event.told(event.starts)})."
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
        with self._engine.begin() as connection:
            connection.execute(update(events).where(events.c.code == event.code).values(**_row(event)))

    def event(self, code: str) -> Event | None:
        """The event of that code."""
        with self._engine.begin() as connection:
            row = connection.execute(select(events).where(events.c.code == code)).mappings().first()
        return None if row is None else _event(row)

    def events(self) -> list[tuple[Event, int]]:
        """Every event, the latest first, and what was spent on it."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(events).order_by(events.c.starts.desc())).mappings().all()
        return [(_event(row), int(row["spent"])) for row in rows]

    def end(self, code: str) -> None:
        """End an event now.

        Raises:
            EventError: there is none of that code.
        """
        with self._engine.begin() as connection:
            done = connection.execute(update(events).where(events.c.code == code).values(ends=self._clock()))
        if done.rowcount != 1:
            raise EventError(f"There is no event {code!r}.")

    def attend(self, code: str, names: Sequence[str]) -> dict[str, str]:
        """Make attendees; returns the token of each, which is told this once.

        Raises:
            EventError: there is no such event, a name can't be one, or is there already. Then none is made.
        """
        if self.event(code) is None:
            raise EventError(f"There is no event {code!r}.")
        told = {}
        try:
            with self._engine.begin() as connection:
                for name in names:
                    if not tokens.NAME.fullmatch(name):
                        raise EventError(
                            f"{name!r} can't be a name: no spaces, slashes, or dots at its ends."
                        )
                    secret = tokens.new_secret()
                    connection.execute(
                        insert(attendees).values(event=code, name=name, secret=tokens.digest(secret))
                    )
                    told[name] = f"{code}/{name}.{secret}"
        except IntegrityError as error:
            raise EventError(
                f"{name!r} attends {code} already: `attendee rotate` gives a new token."
            ) from error
        return told

    def rotate(self, code: str, name: str | None = None) -> dict[str, str]:
        """Give an attendee, or all of them, a new token; the old one is worth nothing from now on.

        Raises:
            EventError: there is no such attendee.
        """
        told = {}
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
                told[found] = f"{code}/{found}.{secret}"
        if not told:
            raise EventError(f"There is no attendee {name or ''} of {code!r}.")
        return told

    def remove(self, code: str, name: str) -> None:
        """Forget an attendee's token; what they used stays in the books."""
        with self._engine.begin() as connection:
            connection.execute(
                update(attendees)
                .where(attendees.c.event == code, attendees.c.name == name)
                .values(secret=_NO_SECRET)
            )

    def secret_of(self, code: str, name: str) -> str | None:
        """What is stored of an attendee's secret."""
        with self._engine.begin() as connection:
            return connection.execute(
                select(attendees.c.secret).where(attendees.c.event == code, attendees.c.name == name)
            ).scalar()

    # --- calls ------------------------------------------------------------------------------------------------

    def reserve(self, event: Event, attendee: str, route: str, model: str, amount: int) -> Reservation:
        """Admit a call, or not.

        Args:
            event: as it is now.
            attendee: a name.
            route: such as "chat/completions".
            model: the deployment's name.
            amount: what the call may cost at most.

        Raises:
            APIError: 429, a cap or a budget would be exceeded.
        """
        now = self.now()
        made = Reservation(uuid.uuid4().hex, event.code, attendee, event.day(now), amount)
        with self._engine.begin() as connection:
            self._ensure(connection, event, attendee)
            self._count(connection, event, made, now)
            asked = {"event_": event.code, "amount": amount, "budget": event.event_budget}
            if connection.execute(_RESERVE_OF_EVENT, asked).rowcount != 1:
                raise refusals.spent(event, event.event_budget or 0, "the whole event")
            connection.execute(
                _OPEN_CALL,
                {
                    "id": made.id,
                    "event": event.code,
                    "attendee": attendee,
                    "route": route,
                    "model": model,
                    "day": made.day,
                    "at": now.timestamp(),
                    "state": "open",
                    "owner": self._owner,
                    "expires": now.timestamp() + LEASE_SECONDS,
                    "reserved": amount,
                },
            )
        self._known.add((event.code, attendee))  # only now: a refusal takes the new row back
        return made

    def _ensure(self, connection: Connection, event: Event, attendee: str) -> None:
        """In an open event, whoever comes is an attendee."""
        if (event.code, attendee) in self._known:
            return
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(attendees).values(event=event.code, name=attendee).on_conflict_do_nothing()
        )

    def _count(self, connection: Connection, event: Event, made: Reservation, now: datetime) -> None:
        asked = {
            "event_": event.code,
            "attendee_": made.attendee,
            "today": made.day,
            "amount": made.amount,
            "cap": event.daily_requests,
            "budget": event.learner_budget,
        }
        if connection.execute(_COUNT_ATTENDEE, asked).rowcount == 1:
            return
        requests = connection.execute(_REQUESTS_OF_ATTENDEE, asked).scalar_one()
        if event.daily_requests is not None and requests >= event.daily_requests:
            raise refusals.daily_cap(event, now)
        raise refusals.spent(event, event.learner_budget or 0, "you")

    def settle(self, made: Reservation, settlement: Settlement) -> bool:
        """Close a call; whoever comes second finds it closed, and changes nothing.

        Returns:
            whether it was this one that closed it.
        """
        state = "failed" if settlement.failed else "settled"
        with self._engine.begin() as connection:
            return self._close(
                connection, made, replace(settlement, cost=0 if settlement.failed else settlement.cost), state
            )

    def _close(self, connection: Connection, made: Reservation, settlement: Settlement, state: str) -> bool:
        facts = {
            "id_": made.id,
            "state_": state,
            "cost_": settlement.cost,
            "given": settlement.input_tokens,
            "made_": settlement.output_tokens,
            "status_": settlement.status,
            "prompt_": (settlement.prompt or "")[:_MOST_KEPT] or None,
            "answer_": (settlement.answer or "")[:_MOST_KEPT] or None,
        }
        if connection.execute(_CLOSE_CALL, facts).rowcount != 1:
            return False
        charged = {
            "event_": made.event,
            "attendee_": made.attendee,
            "today": made.day,
            "amount": made.amount,
            "cost_": settlement.cost,
            "back": int(state == "failed"),
        }
        connection.execute(_CHARGE_ATTENDEE, charged)
        connection.execute(_CHARGE_EVENT, charged)
        return True

    def renew(self) -> None:
        """Vouch for the calls of this process that still go on."""
        with self._engine.begin() as connection:
            connection.execute(
                update(calls)
                .where(calls.c.owner == self._owner, calls.c.state == "open")
                .values(expires=self._clock() + LEASE_SECONDS)
            )

    def reclaim(self) -> int:
        """Close the calls of processes that are gone; returns how many.

        What such a call used is not known, and it may have been the most: that is charged, so that no money is lost.
        """
        gone = select(calls).where(calls.c.state == "open", calls.c.expires < self._clock())
        closed = 0
        with self._engine.begin() as connection:
            for row in connection.execute(gone).mappings().all():
                made = Reservation(row["id"], row["event"], row["attendee"], row["day"], int(row["reserved"]))
                closed += self._close(connection, made, Settlement(cost=made.amount), "abandoned")
        return closed

    # --- reading ----------------------------------------------------------------------------------------------

    def standing(self, event: Event, attendee: str) -> Standing:
        """What a learner has used so far."""
        with self._engine.begin() as connection:
            row = (
                connection.execute(
                    select(attendees).where(attendees.c.event == event.code, attendees.c.name == attendee)
                )
                .mappings()
                .first()
            )
        today = event.day(self.now())
        if row is None:
            return Standing(today, 0, 0, 0)
        requests = int(row["requests"]) if row["day"] == today else 0
        return Standing(today, requests, int(row["spent"]), int(row["reserved"]))

    def report(self, code: str) -> list[Line]:
        """What each attendee used of each model.

        Raises:
            EventError: there is no such event.
        """
        if self.event(code) is None:
            raise EventError(f"There is no event {code!r}.")
        failed = func.sum(case((calls.c.state == "failed", 1), else_=0))
        columns = (
            func.count(),
            failed,
            *(func.sum(calls.c[name]) for name in ("input_tokens", "output_tokens", "cost")),
        )
        with self._engine.begin() as connection:
            rows = connection.execute(
                select(calls.c.attendee, calls.c.model, *columns)
                .where(calls.c.event == code)
                .group_by(calls.c.attendee, calls.c.model)
                .order_by(calls.c.attendee, calls.c.model)
            ).all()
        return [Line(row[0], row[1], *(int(value or 0) for value in row[2:])) for row in rows]

    def forget_prompts(self, code: str) -> None:
        """Delete what was stored of prompts and answers."""
        with self._engine.begin() as connection:
            connection.execute(update(calls).where(calls.c.event == code).values(prompt=None, answer=None))

    def delete(self, code: str) -> None:
        """Delete an event, its attendees and its books."""
        with self._engine.begin() as connection:
            for table, column in (
                (calls, calls.c.event),
                (attendees, attendees.c.event),
                (events, events.c.code),
            ):
                connection.execute(delete(table).where(column == code))
        self._known = {known for known in self._known if known[0] != code}


def _row(event: Event) -> dict[str, Any]:
    return asdict(event) | {
        "starts": event.starts.timestamp(),
        "ends": event.ends.timestamp(),
        "models": json.dumps(dict(event.models)),
    }


def _event(row: Any) -> Event:
    named = {name: row[name] for name in Event.__dataclass_fields__}
    named |= {
        "starts": datetime.fromtimestamp(row["starts"], UTC),
        "ends": datetime.fromtimestamp(row["ends"], UTC),
        "models": json.loads(row["models"]),
    }
    return Event(**named)

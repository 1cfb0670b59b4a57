"""The ledger: reserves cost before a call and settles it after, each in one transaction."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine, case, func, select, update

from classroom.proxy.books import database
from classroom.proxy.books.accounts import Accounts
from classroom.proxy.books.batch_books import BatchBooks
from classroom.proxy.books.belongings import Belongings
from classroom.proxy.books.mailed import Mailed
from classroom.proxy.books.register import Register
from classroom.proxy.books.signed_in import SignedIn
from classroom.proxy.books.statements import (
    CHARGE_ATTENDEE,
    CHARGE_EVENT,
    CLOSE_CALL,
    COUNT_ATTENDEE,
    OPEN_CALL,
    REQUESTS_OF_ATTENDEE,
    RESERVE_OF_EVENT,
    Transaction,
    transaction,
)
from classroom.proxy.books.tables import attendees, calls
from classroom.proxy.rules import refusals
from classroom.proxy.rules.events import Event

LEASE_SECONDS = 60.0  # a call that nobody has vouched for so long belongs to a process that is gone
_NOBODY = "-"  # the owner of calls that outlive their process
_MOST_KEPT = 100_000  # characters of a prompt


@dataclass(frozen=True)
class Reservation:
    """A call that was admitted. `requests`: as how many it counts."""

    id: str
    event: str
    attendee: str
    day: str
    amount: int
    requests: int = 1


@dataclass(frozen=True)
class Settlement:
    """How a call ended. `failed`: the upstream gave nothing; the request is given back, and nothing is charged."""

    cost: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    status: int | None = None
    failed: bool = False
    prompt: str | None = None


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


class Ledger(Register):
    """The books of all events.

    `belongings`: what the upstream stored for whom; `batches`: which are open; `accounts`: what an instructor looks at; `signed_in`: their sign-ins.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        super().__init__(engine, clock)
        self.belongings = Belongings(engine, clock)
        self.batches = BatchBooks(engine, clock)
        self.accounts = Accounts(engine)
        self.signed_in = SignedIn(engine, clock)
        self.mailed = Mailed(engine, clock)
        self._owner = uuid.uuid4().hex
        self._known: set[tuple[str, str]] = set()

    # --- calls ------------------------------------------------------------------------------------------------

    def reserve(
        self,
        event: Event,
        attendee: str,
        route: str,
        model: str,
        amount: int,
        requests: int = 1,
        lasts: float | None = None,
    ) -> Reservation:
        """Admit a call, or not.

        Args:
            event: as it is now.
            attendee: a name.
            route: such as "chat/completions".
            model: the deployment's name.
            amount: what the call may cost at most.
            requests: as how many it counts.
            lasts: seconds for which it stays open although no process vouches for it; None: one has to.

        Raises:
            APIError: 429, a cap or a budget would be exceeded; 403, the event is full.
        """
        self._ensure(event, attendee)
        now = self.now()
        made = Reservation(uuid.uuid4().hex, event.code, attendee, event.day(now), amount, requests)
        with transaction(self._engine) as books:
            self._count(books, event, made, now)
            asked = {"event_": event.code, "amount": amount, "budget": event.event_budget}
            if books.execute(RESERVE_OF_EVENT, asked) != 1:
                raise refusals.spent(event, event.event_budget or 0, "the whole event")
            books.execute(
                OPEN_CALL,
                {
                    "id": made.id,
                    "event": event.code,
                    "attendee": attendee,
                    "route": route,
                    "model": model,
                    "day": made.day,
                    "at": now.timestamp(),
                    "state": "open",
                    "owner": self._owner if lasts is None else _NOBODY,
                    "expires": now.timestamp() + (LEASE_SECONDS if lasts is None else lasts),
                    "reserved": amount,
                },
            )
        return made

    def _ensure(self, event: Event, attendee: str) -> None:
        """In an open event, each new name is an attendee, until it is full. Others were let in before, or by a JupyterHub.

        In a transaction of its own: it holds the event's row first, where others hold the attendee's first.
        """
        if (event.code, attendee) not in self._known:
            with self._engine.begin() as connection:
                self.take_in(connection, event, attendee, bounded=event.open)
            self._known.add((event.code, attendee))

    def _count(self, books: Transaction, event: Event, made: Reservation, now: datetime) -> None:
        asked = {
            "event_": event.code,
            "attendee_": made.attendee,
            "today": made.day,
            "amount": made.amount,
            "number": made.requests,
            "cap": event.daily_requests,
            "budget": event.learner_budget,
        }
        if books.execute(COUNT_ATTENDEE, asked) == 1:
            return
        requests = books.value(REQUESTS_OF_ATTENDEE, asked)
        if event.daily_requests is not None and requests + made.requests > event.daily_requests:
            raise refusals.daily_cap(event, now, made.requests, max(0, event.daily_requests - requests))
        raise refusals.spent(event, event.learner_budget or 0, "you")

    def settle(self, made: Reservation, settlement: Settlement) -> bool:
        """Close a call; a second caller finds it closed and changes nothing.

        Returns:
            whether it was this one that closed it.
        """
        state = "failed" if settlement.failed else "settled"
        with transaction(self._engine) as books:
            return self._close(
                books, made, replace(settlement, cost=0 if settlement.failed else settlement.cost), state
            )

    def _close(self, books: Transaction, made: Reservation, settlement: Settlement, state: str) -> bool:
        facts = {
            "id_": made.id,
            "state_": state,
            "cost_": settlement.cost,
            "given": settlement.input_tokens,
            "made_": settlement.output_tokens,
            "status_": settlement.status,
            "prompt_": (settlement.prompt or "")[:_MOST_KEPT] or None,
        }
        if books.execute(CLOSE_CALL, facts) != 1:
            return False
        charged = {
            "event_": made.event,
            "attendee_": made.attendee,
            "today": made.day,
            "amount": made.amount,
            "cost_": settlement.cost,
            "back": made.requests if state == "failed" else 0,
        }
        books.execute(CHARGE_ATTENDEE, charged)
        books.execute(CHARGE_EVENT, charged)
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
            books = Transaction(self._engine, connection.connection.cursor())
            for row in connection.execute(gone).mappings().all():
                made = Reservation(row["id"], row["event"], row["attendee"], row["day"], int(row["reserved"]))
                closed += self._close(books, made, Settlement(cost=made.amount), "abandoned")
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
        self.existing(code)
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

    def forget_prompts(self, code: str) -> int:
        """Delete the prompts that an event has stored, and give their number. Whether more are stored is left as it is.

        Raises:
            EventError: there is no such event.
        """
        self.existing(code)
        stored = (calls.c.event == code) & calls.c.prompt.is_not(None)
        with self._engine.begin() as connection:
            count = connection.execute(update(calls).where(stored).values(prompt=None)).rowcount
        database.clear_log(self._engine)
        return count

    def delete(self, code: str) -> None:
        """Delete an event, its attendees and its books."""
        super().delete(code)
        self._known = {known for known in self._known if known[0] != code}

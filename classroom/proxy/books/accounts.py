"""What an instructor looks at: spend and calls over time, refusals by reason, what each attendee used and has left."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import BigInteger, Engine, case, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite

from classroom.proxy.books.register import NO_SECRET
from classroom.proxy.books.tables import attendees, calls, refused
from classroom.proxy.rules.events import Event

_HOUR = 3600
_MOST_HOURS = 72  # of a chart; what lasts longer is counted by days
_MOST_DAYS = 366
_LONGEST_REASON = 64


@dataclass(frozen=True)
class Point:
    """One hour or one day. `label`: when it begins, in the event's zone; `cost` in billionths of a dollar."""

    label: str
    calls: int = 0
    failed: int = 0
    cost: int = 0


@dataclass(frozen=True)
class Series:
    """What was used over time, without gaps. `unit`: "hour" or "day"."""

    unit: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Attendance:
    """One attendee. `today` counts requests; money is in billionths of a dollar."""

    name: str
    today: int
    spent: int
    reserved: int
    has_token: bool
    is_out: bool


class Accounts:
    """Reads the books. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def over_time(self, event: Event) -> Series:
        """By hours if the event was used within three days, else by its days; the last ones, if there are too many."""
        mine = calls.c.event == event.code
        figures = (
            func.count(),
            func.sum(case((calls.c.state == "failed", 1), else_=0)),
            func.sum(calls.c.cost),
        )
        hour = cast(calls.c.at, BigInteger) // _HOUR
        with self._engine.begin() as connection:
            first, last = connection.execute(
                select(func.min(calls.c.at), func.max(calls.c.at)).where(mine)
            ).one()
            if first is None:
                return Series("hour", ())
            if last - first < _MOST_HOURS * _HOUR:
                rows = connection.execute(select(hour, *figures).where(mine).group_by(hour)).all()
                return Series("hour", _hours(event, {int(row[0]): row for row in rows}))
            rows = connection.execute(
                select(calls.c.day, *figures).where(mine).group_by(calls.c.day).order_by(calls.c.day)
            ).all()
        return Series("day", _days({str(row[0]): row for row in rows}))

    def attendance(self, event: Event, today: str) -> list[Attendance]:
        """Every attendee, who spent most first."""
        order = (attendees.c.spent.desc(), attendees.c.name)
        with self._engine.begin() as connection:
            rows = connection.execute(
                select(attendees).where(attendees.c.event == event.code).order_by(*order)
            ).mappings()
            return [
                Attendance(
                    row["name"],
                    int(row["requests"]) if row["day"] == today else 0,
                    int(row["spent"]),
                    int(row["reserved"]),
                    row["secret"] not in (None, NO_SECRET),
                    row["secret"] == NO_SECRET,
                )
                for row in rows
            ]

    def refusals(self, code: str) -> list[tuple[str, int]]:
        """Reasons and how often, the most frequent first: this proxy's own, and what the upstream refused by its status."""
        found: Counter[str] = Counter()
        with self._engine.begin() as connection:
            own = select(refused.c.reason, func.sum(refused.c.count)).where(refused.c.event == code)
            for reason, count in connection.execute(own.group_by(refused.c.reason)).all():
                found[str(reason)] += int(count)
            theirs = select(calls.c.status, func.count()).where(calls.c.event == code, calls.c.status >= 400)
            for status, count in connection.execute(theirs.group_by(calls.c.status)).all():
                found[f"upstream answered {int(status)}"] += int(count)
        return found.most_common()

    def add_refusals(self, counted: Mapping[tuple[str, str, str], int]) -> None:
        """Add what was refused: event, day and reason → how often."""
        if not counted:
            return
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(refused)
        more = statement.on_conflict_do_update(
            index_elements=["event", "day", "reason"],
            set_={"count": refused.c.count + statement.excluded.count},
        )
        rows = [
            {"event": event, "day": day, "reason": reason[:_LONGEST_REASON], "count": count}
            for (event, day, reason), count in sorted(counted.items())
        ]
        with self._engine.begin() as connection:
            connection.execute(more, rows)


def _hours(event: Event, rows: Mapping[int, tuple[int, int, int, int]]) -> tuple[Point, ...]:
    made = []
    for hour in range(min(rows), max(rows) + 1):
        label = event.local_time(datetime.fromtimestamp(hour * _HOUR, UTC))[:16].replace("T", " ")
        _, count, failed, cost = rows.get(hour, (hour, 0, 0, 0))
        made.append(Point(label, int(count), int(failed or 0), int(cost or 0)))
    return tuple(made)


def _days(rows: Mapping[str, tuple[str, int, int, int]]) -> tuple[Point, ...]:
    first, last = date.fromisoformat(min(rows)), date.fromisoformat(max(rows))
    first = max(first, last - timedelta(days=_MOST_DAYS - 1))
    made = []
    for number in range((last - first).days + 1):
        label = (first + timedelta(days=number)).isoformat()
        _, count, failed, cost = rows.get(label, (label, 0, 0, 0))
        made.append(Point(label, int(count), int(failed or 0), int(cost or 0)))
    return tuple(made)

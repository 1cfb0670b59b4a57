"""An event: who may ask for what, from when until when, for how much."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from classroom.proxy.rules.errors import EventError

_DURATION = re.compile(r"(?:(?P<days>\d{1,3})d)?(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,5})m)?")
_YEARS = range(2000, 2201)  # that calendars and time zones can be reckoned with
NANO = 1_000_000_000  # money is counted in billionths of a dollar: an embedding costs some twenty of them
ANY = "*"  # a deployment name that stands for every other one


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        code: what learners put before their name.
        starts, ends: moments in UTC; the event is on from the first until just before the second.
        zone: the name of a time zone, by which days begin and times are shown.
        open: whether any name is taken; otherwise only attendees with their secret.
        models: what a learner may ask for → the upstream's name for it; the first is used where none is named.
            `ANY` as the upstream's name is the one that was asked for.
        max_tokens: the most that one answer may be asked for.
        daily_requests: of one learner, from midnight to midnight in the event's zone.
        learner_budget, event_budget: in billionths of a dollar, for the whole event.
        organization, project: whom OpenAI bills.
        keeps_prompts: whether prompts and answers are stored; learners are informed.
        self_registration: whether someone who knows the code may make themself an attendee.
        most_attendees: names that the event takes in all, where people come by themselves: open, or self-registering.
        names_per_hour: of these, new ones from one network address.
        allows: what is offered beyond the usual: "web_search", "flex", "priority".
        salt: of the pseudonyms by which the upstream knows its attendees.
        text: what the join page says of it, as plain text.
        paused: whether it is interrupted: nothing is asked until it goes on.
    """

    code: str
    starts: datetime
    ends: datetime
    zone: str = "UTC"
    open: bool = False
    models: Mapping[str, str] = field(default_factory=dict)
    max_tokens: int | None = None
    daily_requests: int | None = None
    learner_budget: int | None = None
    event_budget: int | None = None
    organization: str | None = None
    project: str | None = None
    keeps_prompts: bool = False
    self_registration: bool = False
    most_attendees: int = 40
    names_per_hour: int = 40
    allows: tuple[str, ...] = ()
    salt: str = field(default_factory=lambda: secrets.token_hex(8))
    text: str = ""
    paused: bool = False

    def pseudonym(self, name: str) -> str:
        """What the upstream gets instead of an attendee's name: always the same, and no name can be read from it."""
        key = f"{self.salt}/{self.code}".encode()
        return f"attendee-{hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:32]}"

    def most_it_can_cost(self) -> int | None:
        """In billionths of a dollar; None: nothing bounds it. Of a closed event, what its attendees make of it."""
        if self.event_budget is not None or self.learner_budget is None:
            return self.event_budget
        return self.learner_budget * self.most_attendees if self.open or self.self_registration else None

    def day(self, now: datetime) -> str:
        """The date in the event's zone."""
        return now.astimezone(ZoneInfo(self.zone)).date().isoformat()

    def next_day(self, now: datetime) -> datetime:
        """When that day ends: midnight in the event's zone, however long the day is."""
        zone = ZoneInfo(self.zone)
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time.min, zone).astimezone(UTC)

    def state(self, now: datetime) -> str:
        """One of "to come", "on", "paused", "over"."""
        if now < self.starts:
            return "to come"
        if now >= self.ends:
            return "over"
        return "paused" if self.paused else "on"

    def local_time(self, moment: datetime) -> str:
        """A moment in the event's zone, in ISO 8601 to the minute."""
        return moment.astimezone(ZoneInfo(self.zone)).isoformat(timespec="minutes")


def moment(text: str, zone: str | None, *, late: bool = False) -> datetime:
    """A moment in UTC, from ISO 8601.

    Args:
        text: "2026-11-21T09:00+01:00"; without an offset, local time in `zone`.
        zone: the name of a time zone.
        late: of a local time that comes twice (when clocks go back), take the second.

    Raises:
        EventError: it is no time, has no zone, or is skipped when clocks go forward.
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise EventError(f"{text!r} is no time: write 2026-11-21T09:00+01:00.") from error
    if parsed.year not in _YEARS:
        raise EventError(f"{text!r} is too far away: write a year from {_YEARS[0]} to {_YEARS[-1]}.")
    if parsed.tzinfo is not None:
        return parsed.astimezone(UTC)
    if zone is None:
        raise EventError(
            f"{text!r} does not say in which time zone: write {text}+01:00, or add --zone Europe/Berlin."
        )
    local = parsed.replace(tzinfo=find_zone(zone), fold=int(late))
    result = local.astimezone(UTC)
    if result.astimezone(local.tzinfo).replace(tzinfo=None) != parsed:
        raise EventError(f"{text} does not exist in {zone}: clocks go forward then.")
    return result


def later(moment: datetime, text: str) -> datetime:
    """A moment, and a length of time after it; see `duration`.

    Raises:
        EventError: the text is no length of time, or leads too far.
    """
    result = moment + duration(text)
    if result.year not in _YEARS:
        raise EventError(f"{text!r} leads too far: an event ends before the year {_YEARS[-1] + 1}.")
    return result


def duration(text: str) -> timedelta:
    """A length of time: days, hours and minutes as in 1d, 2h, 90m or 1h30m.

    Raises:
        EventError: it is none, or no time at all.
    """
    match = _DURATION.fullmatch(text.replace(" ", ""))
    length = (
        timedelta(**{name: int(value) for name, value in match.groupdict("0").items()}) if match else None
    )
    if not length:
        raise EventError(f"{text!r} is no length of time: write 90m, 2h or 1d.")
    return length


def find_zone(name: str) -> ZoneInfo:
    """The time zone of that name.

    Raises:
        EventError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise EventError(f"There is no time zone {name!r}: write one such as Europe/Berlin.") from error

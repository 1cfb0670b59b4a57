"""The terms of an event as an instructor writes them, in a terminal or on the admin page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from classroom.proxy.rules import tokens
from classroom.proxy.rules.errors import EventError
from classroom.proxy.rules.events import NANO, Event, find_zone, moment

USUAL_MODELS = "gpt-5.4-mini,text-embedding-3-small"
LONGEST_TEXT = 10_000  # characters of what the join page says of an event
_MOST_MODELS = 64
_LONGEST_NAME = 128
_MOST = 1_000_000_000  # of a count; the database's integers hold twice that
_MOST_DOLLARS = 1_000_000


@dataclass(frozen=True)
class Terms:
    """What is asked for; texts as they were typed. See `Event` for the meaning of each."""

    code: str
    starts: str
    ends: str
    zone: str = ""
    open: bool = False
    models: str = USUAL_MODELS
    max_tokens: int | None = None
    daily_requests: int | None = None
    learner_budget: str | None = None
    budget: str | None = None
    organization: str | None = None
    project: str | None = None
    keep_prompts: bool = False
    self_registration: bool = False
    attendees: int = 40
    names_per_hour: int | None = None
    allow: str = ""
    text: str = field(default="", repr=False)

    def event(self) -> Event:
        """The event of these terms.

        Raises:
            EventError: something makes no sense, or a model has no known price.
        """
        if not tokens.CODE.fullmatch(self.code):
            raise EventError(
                f"{self.code[:80]!r} can't be a code: letters, digits, dots, dashes, at most 64."
            )
        zone = self.zone or None
        made = Event(
            self.code,
            moment(self.starts, zone),
            moment(self.ends, zone, late=True),
            zone=find_zone(zone or "UTC").key,
            open=self.open,
            models=models_in(self.models),
            max_tokens=count(self.max_tokens, "The longest answer"),
            daily_requests=count(self.daily_requests, "The requests of a day"),
            learner_budget=money(self.learner_budget),
            event_budget=money(self.budget),
            organization=_short(self.organization, "The organization"),
            project=_short(self.project, "The project"),
            keeps_prompts=self.keep_prompts,
            self_registration=self.self_registration,
            most_attendees=count(self.attendees, "The number of names") or 40,
            names_per_hour=count(self.names_per_hour or self.attendees, "The number of names") or 40,
            allows=allowances_in(self.allow),
            text=text_of(self.text),
        )
        check_priced(made)
        return made


def text_of(text: str) -> str:
    """What the join page says of an event: plain text.

    Raises:
        EventError: it is too long.
    """
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if len(text) > LONGEST_TEXT:
        raise EventError(f"The text has {len(text)} characters; at most {LONGEST_TEXT} are allowed.")
    return text


def bound_of(event: Event) -> str:
    """The most that an event can cost, in a sentence."""
    most = event.most_it_can_cost()
    if event.event_budget is not None:
        return f"It can cost ${event.event_budget / NANO:g} at most."
    if most is not None and event.learner_budget is not None:
        each = f"{event.most_attendees} names of ${event.learner_budget / NANO:g} each"
        return f"It can cost ${most / NANO:g} at most: {each}. --budget bounds it further."
    if event.learner_budget is not None:
        return f"It can cost ${event.learner_budget / NANO:g} for each attendee that you let in."
    return "Nothing bounds what it can cost: add --budget."


def allowances_in(text: str) -> tuple[str, ...]:
    """Of "web_search,flex", each.

    Raises:
        EventError: one is none.
    """
    from classroom.proxy.fields import ALLOWANCES

    words = tuple(word.strip() for word in text.split(",") if word.strip())
    for word in words:
        if word not in ALLOWANCES:
            raise EventError(f"{word[:80]!r} can't be allowed: there are {', '.join(ALLOWANCES)}.")
    return words


def models_in(text: str) -> dict[str, str]:
    """Of "gpt-5.4-mini,name=model", the names → the models.

    Raises:
        EventError: there are too many, or one is too long.
    """
    pairs = [entry.strip().partition("=") for entry in text.split(",") if entry.strip()]
    found = {name.strip(): (target or name).strip() for name, _, target in pairs}
    if len(found) > _MOST_MODELS:
        raise EventError(f"An event offers {_MOST_MODELS} models at most.")
    for word in (*found, *found.values()):
        if not 0 < len(word) <= _LONGEST_NAME or not word.isprintable():
            raise EventError(f"{word[:40]!r} can't be the name of a model.")
    return found


def count(number: int | None, what: str) -> int | None:
    """A number of something.

    Raises:
        EventError: it is too small or too large.
    """
    if number is not None and not 1 <= number <= _MOST:
        raise EventError(f"{what} must be from 1 to {_MOST:,}.")
    return number


def money(text: str | None) -> int | None:
    """Dollars, in billionths of one; None stays None.

    Raises:
        EventError: it is no amount of money.
    """
    if text is None:
        return None
    try:
        value = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation as error:
        raise EventError(f"{text[:40]!r} is no amount of money: write 12.50.") from error
    if not value.is_finite() or value < 0:
        raise EventError(f"{text[:40]!r} is no amount of money: write 12.50.")
    if value > _MOST_DOLLARS:
        raise EventError(f"${_MOST_DOLLARS:,} is the most.")
    return int(value * NANO)


def added_money(text: str) -> int:
    """Dollars to add, in billionths of one.

    Raises:
        EventError: it is no amount of money, or nothing.
    """
    amount = money(text) or 0
    if amount <= 0:
        raise EventError("Say how much to add, more than nothing: 12.50.")
    return amount


def check_priced(event: Event) -> None:
    """Refuse a model without a price at once, rather than each call of it later.

    Raises:
        EventError: there is one.
    """
    from classroom.standin.models.costs import Unpriced, Usage, cost_of

    ways: tuple[Mapping[str, int | float], ...] = (
        {"input_tokens": 1000},
        {"input_characters": 1000},
        {"audio_seconds": 60, "input_audio_seconds": 60},
    )
    for name, model in event.models.items():
        for units in ways:
            try:
                cost_of(Usage(model, units))
                break
            except Unpriced:
                continue
        else:
            raise EventError(
                f"No price is known for {model} ({name}), so it can't be counted, and is not offered."
            )


def _short(text: str | None, what: str) -> str | None:
    if text and len(text) > _LONGEST_NAME:
        raise EventError(f"{what} has more than {_LONGEST_NAME} characters.")
    return text or None

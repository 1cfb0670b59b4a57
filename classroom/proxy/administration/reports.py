"""Tables about an event, for the terminal and for spreadsheets."""

from typing import Literal

from classroom.proxy.books.ledger import Ledger
from classroom.proxy.rules.events import NANO, Event

By = Literal["model", "learner", "time", "refusal"]
Row = tuple[object, ...]


def of_event(ledger: Ledger, event: Event, by: By) -> list[Row]:
    """The rows of one of an event's tables, the head first.

    Args:
        ledger: the books.
        event: as it is now.
        by: "model": learners and models; "learner": what each has left; "time": hours or days; "refusal": reasons.
    """
    if by == "model":
        return _models(ledger, event)
    if by == "learner":
        return _learners(ledger, event)
    if by == "time":
        return _times(ledger, event)
    return [("reason", "requests"), *ledger.accounts.refusals(event.code)]


def _models(ledger: Ledger, event: Event) -> list[Row]:
    head = ("attendee", "model", "requests", "failed", "tokens in", "tokens out", "US dollars")
    rows = [
        (
            line.attendee,
            line.model,
            line.requests,
            line.failed,
            line.input_tokens,
            line.output_tokens,
            f"{line.cost / NANO:.9f}",
        )
        for line in ledger.report(event.code)
    ]
    return [head, *rows]


def _times(ledger: Ledger, event: Event) -> list[Row]:
    series = ledger.accounts.over_time(event)
    rows = [(point.label, point.calls, point.failed, f"{point.cost / NANO:.9f}") for point in series.points]
    return [(f"{series.unit} from", "requests", "failed", "US dollars"), *rows]


def _learners(ledger: Ledger, event: Event) -> list[Row]:
    rows: list[Row] = []
    for each in ledger.accounts.attendance(event, event.day(ledger.now())):
        today = "" if event.daily_requests is None else max(0, event.daily_requests - each.today)
        left = ""
        if event.learner_budget is not None:
            left = f"{max(0, event.learner_budget - each.spent - each.reserved) / NANO:.9f}"
        rows.append((each.name, each.today, today, f"{each.spent / NANO:.9f}", left))
    return [("attendee", "requests today", "left today", "US dollars", "US dollars left"), *rows]

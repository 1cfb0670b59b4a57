"""What an instructor looks at, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from classroom.proxy.administration.tabular import safe
from classroom.proxy.books.ledger import Settlement
from classroom.proxy.books.refused import Refusals
from classroom.proxy.books.signed_in import SECONDS
from classroom.proxy.rules.errors import DatabaseError
from classroom.standin.incoming.errors import APIError
from tests.proxy.conftest import an_event

NOON = datetime(2026, 11, 21, 12, 10, tzinfo=UTC)


@pytest.fixture
def clock():
    return [NOON.timestamp()]


@pytest.fixture
def ledger(books, clock):
    return books(clock=lambda: clock[0])


def used(ledger, event, cost, name="ada", **facts):
    ledger.settle(
        ledger.reserve(event, name, "chat/completions", "gpt-5.4-mini", 1000), Settlement(cost=cost, **facts)
    )


def test_an_hour_without_calls_is_shown_as_one(ledger, clock):
    event = an_event(zone="Asia/Kolkata")
    ledger.add(event)
    used(ledger, event, 10)
    used(ledger, event, 20, failed=True)
    clock[0] += 2 * 3600
    used(ledger, event, 5)
    series = ledger.accounts.over_time(event)
    assert [(point.label, point.calls, point.failed, point.cost) for point in series.points] == [
        ("2026-11-21 17:30", 2, 1, 10),
        ("2026-11-21 18:30", 0, 0, 0),
        ("2026-11-21 19:30", 1, 0, 5),
    ]


def test_what_lasts_longer_is_shown_by_days(ledger, clock):
    event = an_event()
    ledger.add(event)
    used(ledger, event, 10)
    clock[0] += timedelta(days=4).total_seconds()
    used(ledger, event, 5)
    series = ledger.accounts.over_time(event)
    assert series.unit == "day"
    assert [point.cost for point in series.points] == [10, 0, 0, 0, 5]


def test_an_event_that_nobody_used_has_no_series(ledger):
    ledger.add(an_event())
    assert ledger.accounts.over_time(an_event()).points == ()


def test_refusals_add_up_over_days_and_processes(ledger):
    ledger.add(an_event())
    for day in ("2026-11-21", "2026-11-22"):
        for _ in range(2):
            ledger.accounts.add_refusals({("lesson", day, "budget_spent"): 3})
    used(ledger, an_event(), 0, status=400)
    assert ledger.accounts.refusals("lesson") == [("budget_spent", 12), ("upstream answered 400", 1)]
    ledger.delete("lesson")
    assert ledger.accounts.refusals("lesson") == []


def test_who_spent_most_comes_first(ledger, clock):
    event = an_event()
    ledger.add(event)
    used(ledger, event, 5, "ada")
    used(ledger, event, 9, "eve")
    found = ledger.accounts.attendance(event, event.day(ledger.now()))
    assert [(each.name, each.today, each.spent) for each in found] == [("eve", 1, 9), ("ada", 1, 5)]
    assert [each.today for each in ledger.accounts.attendance(event, "2026-11-22")] == [0, 0]


def test_a_sign_in_ends_after_its_time_with_its_password_and_when_asked_to(ledger, clock):
    cookie = ledger.signed_in.begin("right")
    assert ledger.signed_in.knows(cookie, "right")
    assert not ledger.signed_in.knows(cookie, "another")
    assert not ledger.signed_in.knows("guess", "right")
    assert not ledger.signed_in.knows("\udcff", "right")
    ledger.signed_in.end(cookie)
    assert not ledger.signed_in.knows(cookie, "right")
    later = ledger.signed_in.begin("right")
    clock[0] += SECONDS + 1
    assert not ledger.signed_in.knows(later, "right")


def test_which_upstream_stored_something_is_known(ledger):
    ledger.belongings.keep("lesson", "ada", {"resp_1": 7}, "east")
    ledger.belongings.keep("lesson", "eve", {"resp_1": 7}, "west")
    assert ledger.belongings.places_of(["resp_1"], "lesson", "ada") == {"east"}
    assert ledger.belongings.places_of(["resp_1"], None, None) == {"east", "west"}
    ledger.belongings.drop("resp_1", None, None)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "\uff1d1"])
def test_a_text_that_begins_like_a_formula_is_quoted(text):
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1, 0.5, "ada", "a=b", ""])
def test_other_cells_stay_as_they_are(value):
    assert safe(value) == value


@pytest.mark.parametrize("broken", ["event", "accounts.add_refusals"])
def test_refusals_that_could_not_be_written_are_written_the_next_time(ledger, monkeypatch, broken):
    ledger.add(an_event())
    refused = Refusals(ledger)
    refused.count("lesson", APIError(401, "no", code="event_paused"))
    with monkeypatch.context() as patch:
        place = ledger.accounts if "." in broken else ledger

        def fail(*_):
            raise DatabaseError("gone")

        patch.setattr(place, broken.rpartition(".")[2], fail)
        with pytest.raises(DatabaseError):
            refused.write()
    refused.write()
    refused.write()
    assert ledger.accounts.refusals("lesson") == [("event_paused", 1)]

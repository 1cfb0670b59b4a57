"""Caps and budgets: exact, however many come at once, and on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import LEASE_SECONDS, Ledger, Settlement
from classroom.proxy.rules.errors import DatabaseError, EventError
from classroom.proxy.rules.events import NANO
from classroom.standin.incoming.errors import APIError
from tests.proxy.conftest import an_event

CHAT = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Say hello."}]}


@pytest.fixture
def ledger(books) -> Ledger:
    return books()


def at_once(count, do):
    """Do the same in many threads that begin together; what each came to."""
    gate = threading.Barrier(count)

    def one(number):
        gate.wait()
        try:
            return do(number)
        except APIError as error:
            return error.code

    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(one, range(count)))


def test_of_many_at_once_as_many_are_admitted_as_the_cap_allows(ledger):
    event = an_event(daily_requests=3)
    ledger.add(event)
    outcomes = at_once(16, lambda _: ledger.reserve(event, "ada", "chat/completions", "gpt-5.4-mini", 10))
    assert outcomes.count("daily_cap_reached") == 13
    assert ledger.standing(event, "ada").requests == 3


def test_two_processes_on_one_database_share_a_cap(books):
    first, second = books(), books()
    event = an_event(daily_requests=5)
    first.add(event)
    outcomes = at_once(
        16,
        lambda number: (first, second)[number % 2].reserve(
            event, "ada", "chat/completions", "gpt-5.4-mini", 1
        ),
    )
    assert outcomes.count("daily_cap_reached") == 11


def test_money_is_reserved_before_and_settled_after(ledger):
    event = an_event(learner_budget=100)
    ledger.add(event)
    outcomes = at_once(9, lambda _: ledger.reserve(event, "ada", "chat/completions", "gpt-5.4-mini", 40))
    admitted = [made for made in outcomes if made != "budget_spent"]
    assert len(admitted) == 2
    assert ledger.settle(admitted[0], Settlement(cost=7))
    standing = ledger.standing(event, "ada")
    assert (standing.spent, standing.reserved) == (7, 40)
    ledger.reserve(event, "ada", "chat/completions", "gpt-5.4-mini", 53)
    with pytest.raises(APIError, match="budget"):
        ledger.reserve(event, "ada", "chat/completions", "gpt-5.4-mini", 1)


def test_the_event_s_budget_holds_over_all_learners_and_a_refusal_leaves_no_trace(ledger):
    event = an_event(event_budget=100)
    ledger.add(event)
    outcomes = at_once(8, lambda number: ledger.reserve(event, f"n{number}", "embeddings", "m", 30))
    assert outcomes.count("budget_spent") == 5
    refused = [f"n{number}" for number, made in enumerate(outcomes) if made == "budget_spent"]
    assert all(ledger.standing(event, name).requests == 0 for name in refused)


def test_a_call_is_settled_once_whoever_tries(ledger):
    event = an_event()
    ledger.add(event)
    made = ledger.reserve(event, "ada", "embeddings", "m", 30)
    assert at_once(6, lambda _: ledger.settle(made, Settlement(cost=5))).count(True) == 1
    assert ledger.standing(event, "ada").spent == 5


def test_what_the_upstream_failed_is_given_back(ledger):
    event = an_event(daily_requests=1, learner_budget=100)
    ledger.add(event)
    made = ledger.reserve(event, "ada", "embeddings", "m", 30)
    ledger.settle(made, Settlement(failed=True))
    standing = ledger.standing(event, "ada")
    assert (standing.requests, standing.spent, standing.reserved) == (0, 0, 0)
    [line] = ledger.report(event.code)
    assert (line.requests, line.failed, line.cost) == (1, 1, 0)


def test_a_process_that_is_gone_leaves_no_reservation_and_loses_no_money(books):
    now = [1_800_000_000.0]
    event = an_event(
        starts=datetime(2026, 1, 1, tzinfo=UTC), ends=datetime(2030, 1, 1, tzinfo=UTC), learner_budget=1000
    )
    dead, alive = (books(clock=lambda: now[0]) for _ in range(2))
    dead.add(event)
    lost = dead.reserve(event, "ada", "chat/completions", "m", 300)
    mine = alive.reserve(event, "grace", "chat/completions", "m", 200)
    now[0] += LEASE_SECONDS / 2
    alive.renew()
    assert alive.reclaim() == 0
    now[0] += LEASE_SECONDS / 2 + 1
    assert alive.reclaim() == 1
    assert alive.reclaim() == 0
    standing = alive.standing(event, "ada")
    assert (standing.spent, standing.reserved) == (300, 0)
    # had it been alive after all: what it used was charged already, and is not charged again
    assert not dead.settle(lost, Settlement(cost=20))
    assert alive.standing(event, "grace").reserved == 200
    assert alive.settle(mine, Settlement(cost=1))


def test_the_cap_begins_anew_at_midnight_in_the_event_s_zone(books):
    zone = "Pacific/Auckland"
    moment = datetime(2026, 11, 21, 10, 59, tzinfo=UTC)  # 23:59 there
    now = [moment.timestamp()]
    ledger = books(clock=lambda: now[0])
    event = an_event(
        zone=zone, daily_requests=1, starts=moment - timedelta(days=1), ends=moment + timedelta(days=3)
    )
    ledger.add(event)
    ledger.reserve(event, "ada", "embeddings", "m", 1)
    with pytest.raises(APIError) as refused:
        ledger.reserve(event, "ada", "embeddings", "m", 1)
    assert "2026-11-22T00:00+13:00" in refused.value.message
    assert int(refused.value.headers["retry-after"]) == 60
    now[0] += 60
    ledger.reserve(event, "ada", "embeddings", "m", 1)


def test_a_database_that_can_not_be_used_is_reported_without_its_password():
    with pytest.raises(DatabaseError) as refused:
        connect("postgresql://lab:" + "hush@127.0.0.1:1/none")
    assert "hush" not in str(refused.value)


def test_an_event_is_made_once(ledger):
    ledger.add(an_event())
    with pytest.raises(EventError, match="already"):
        ledger.add(an_event())


# --- over HTTP ----------------------------------------------------------------------------------------------------


def ask(proxy, token, body=CHAT, path="/v1/chat/completions"):
    return httpx.post(f"{proxy.url}{path}", headers={"api-key": token}, json=body, timeout=30)


def test_many_requests_at_once_against_a_cap(proxy):
    proxy.ledger.add(an_event("capped", daily_requests=3))
    with ThreadPoolExecutor(max_workers=12) as pool:
        answers = list(pool.map(lambda _: ask(proxy, "capped/ada"), range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 9
    assert len(proxy.openai.calls) == 3
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "daily_cap_reached"
    assert "3 requests" in refused.json()["error"]["message"]


def test_what_is_charged_is_what_the_stand_in_reckons(proxy):
    ask(proxy, "lesson/ada")
    ask(proxy, "lesson/ada", {**CHAT, "stream": True})
    ask(proxy, "lesson/ada", {"model": "text-embedding-3-small", "input": "a red kite"}, "/v1/embeddings")
    charged = sum(line.cost for line in proxy.ledger.report("lesson"))
    reckoned = proxy.openai.calls.cost * NANO
    assert 0 <= charged - reckoned < 3  # each is rounded up


@pytest.mark.parametrize("parameter", ["max_tokens", "max_completion_tokens"])
def test_a_longer_answer_than_allowed_is_refused_by_either_name(proxy, parameter):
    proxy.ledger.add(an_event("short", max_tokens=100))
    answer = ask(proxy, "short/ada", {**CHAT, parameter: 101})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, parameter)
    assert "at most 100" in answer.json()["error"]["message"]
    assert not proxy.openai.calls


def test_where_no_length_is_asked_for_the_event_s_is_set(proxy):
    proxy.ledger.add(an_event("short", max_tokens=100))
    ask(proxy, "short/ada")
    ask(proxy, "short/ada", {"model": "gpt-5.4-mini", "input": "x"}, "/v1/responses")
    first, second = proxy.openai.calls
    assert first.body["max_completion_tokens"] == second.body["max_output_tokens"] == 100


def test_a_model_without_a_price_is_refused_and_never_free(proxy):
    proxy.ledger.add(an_event("odd", models={"mystery": "mystery-9000"}))
    answer = ask(proxy, "odd/ada", {**CHAT, "model": "mystery"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "model_unpriced")
    assert not proxy.openai.calls


def test_a_model_that_is_not_offered_is_refused_with_those_that_are(proxy):
    answer = ask(proxy, "lesson/ada", {**CHAT, "model": "gpt-6-astra"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "model_not_allowed")
    assert "gpt-5.4-mini" in answer.json()["error"]["message"]


def test_an_upstream_that_fails_is_a_503_costs_nothing_and_counts_for_nothing(proxy):
    proxy.ledger.add(an_event("capped", daily_requests=1))
    proxy.openai.fail(status=500, times=1)
    failed = ask(proxy, "capped/ada")
    assert (failed.status_code, failed.json()["error"]["code"]) == (503, "upstream_failed")
    assert ask(proxy, "capped/ada").status_code == 200
    assert ask(proxy, "capped/ada").status_code == 429


def test_openai_s_own_refusal_of_a_request_is_passed_on_and_counts(proxy):
    answer = ask(proxy, "lesson/ada", {**CHAT, "temperature": 5})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "temperature")
    assert httpx.get(f"{proxy.url}/me", headers={"api-key": "lesson/ada"}).json()["requests_today"] == 1


def test_a_learner_who_hangs_up_in_mid_stream_is_charged_what_was_made(proxy):
    body = {**CHAT, "stream": True}
    with httpx.stream(
        "POST", f"{proxy.url}/v1/chat/completions", headers={"api-key": "lesson/ada"}, json=body
    ) as answer:
        next(answer.iter_raw())
    deadline = datetime.now(UTC) + timedelta(seconds=5)
    while not any(line.cost for line in proxy.ledger.report("lesson")):
        assert datetime.now(UTC) < deadline
    [line] = proxy.ledger.report("lesson")
    assert 0 <= line.cost - proxy.openai.calls.cost * NANO < 1
    assert proxy.ledger.standing(an_event(), "ada").reserved == 0


def test_a_stream_that_breaks_is_charged_for_what_came_and_leaves_nothing_open(proxy):
    proxy.openai.fail(effect="truncate", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(proxy, "lesson/ada", {**CHAT, "stream": True})
    standing = proxy.ledger.standing(an_event(), "ada")
    assert standing.reserved == 0
    assert standing.spent > 0


def test_what_is_left_is_reported(proxy):
    proxy.ledger.add(an_event("left", daily_requests=5, learner_budget=NANO, max_tokens=50))
    ask(proxy, "left/ada")
    left = httpx.get(f"{proxy.url}/me", headers={"authorization": "Bearer left/ada"}).json()
    assert (left["requests_left_today"], left["max_tokens"], left["prompts_are_kept"]) == (4, 50, False)
    assert 0.99 < left["left_usd"] < 1

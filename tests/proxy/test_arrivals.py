"""Who comes by themself, and how often one may try: a class behind one address must never pay for one of its own."""

import base64
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from classroom.proxy.rules import tokens
from classroom.proxy.rules.events import NANO
from classroom.proxy.rules.throttle import Arrivals, origin_of
from tests.proxy.conftest import PASSWORD, an_event
from tests.proxy.test_auth import CHAT, ask, refusal


def register(proxy, name, code="self"):
    return httpx.post(f"{proxy.url}/register", json={"event": code, "name": name})


# --- names --------------------------------------------------------------------------------------------------------


def test_fifty_registered_names_do_not_have_fifty_budgets(proxy):
    proxy.ledger.add(
        an_event("self", open=False, self_registration=True, learner_budget=NANO, most_attendees=5)
    )
    answers = [register(proxy, f"name-{number}") for number in range(50)]
    assert [answer.status_code for answer in answers[:5]] == [201] * 5
    assert {refusal(answer) for answer in answers[5:]} == {(403, "event_full"), (429, "too_many_names")}
    assert proxy.ledger.event("self").most_it_can_cost() == 5 * NANO


def test_fifty_names_of_an_open_event_do_not_have_fifty_budgets(proxy):
    proxy.ledger.add(an_event("opened", learner_budget=NANO, most_attendees=5))
    with ThreadPoolExecutor(max_workers=16) as pool:
        answers = list(pool.map(lambda number: ask(proxy, f"opened/name-{number}"), range(30)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [403] * 25
    assert ask(proxy, "opened/name-99").json()["error"]["code"] == "event_full"
    kept = next(number for number, answer in enumerate(answers) if answer.status_code == 200)
    assert ask(proxy, f"opened/name-{kept}").status_code == 200


def test_the_event_s_budget_is_above_all_of_them(proxy):
    proxy.ledger.add(an_event("opened", learner_budget=NANO, event_budget=NANO // 10))
    big = {**CHAT, "max_tokens": 10_000}
    for number in range(12):
        httpx.post(f"{proxy.url}/v1/chat/completions", headers={"api-key": f"opened/n{number}"}, json=big)
    assert sum(line.cost for line in proxy.ledger.report("opened")) <= NANO // 10


def test_new_names_from_one_address_are_so_many_an_hour(proxy):
    proxy.ledger.add(an_event("slow", names_per_hour=3))
    codes = [ask(proxy, f"slow/name-{number}").status_code for number in range(5)]
    assert codes == [200] * 3 + [429] * 2
    refused = ask(proxy, "slow/name-9")
    assert refusal(refused) == (429, "too_many_names")
    assert int(refused.headers["retry-after"]) > 3000
    assert ask(proxy, "slow/name-1").status_code == 200


def test_a_new_name_is_new_once():
    now = [0.0]
    arrivals = Arrivals(seconds=60, clock=lambda: now[0])
    assert [arrivals.take("a", name, 2) for name in ("x", "x", "y", "x")] == [0] * 4
    assert arrivals.take("a", "z", 2) == 60
    assert arrivals.take("b", "z", 2) == 0
    now[0] = 61
    assert arrivals.take("a", "z", 2) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:1:2:3", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("192.0.2.7", "192.0.2.8", False),
    ],
)
def test_many_addresses_of_one_network_are_one_origin(one, other, same):
    assert (origin_of({"client": (one, 1)}) == origin_of({"client": (other, 2)})) is same
    assert origin_of({"client": (origin_of({"client": (one, 1)}), 0)}) == origin_of({"client": (one, 1)})


def test_who_is_removed_leaves_room_and_can_not_come_back(proxy):
    proxy.ledger.add(an_event("opened", most_attendees=1))
    assert ask(proxy, "opened/eve").status_code == 200
    assert ask(proxy, "opened/ada").status_code == 403
    proxy.ledger.remove("opened", "eve")
    time.sleep(1.1)
    assert ask(proxy, "opened/ada").status_code == 200
    assert refusal(ask(proxy, "opened/eve")) == (401, "attendee_unknown")


def test_a_roster_is_not_bounded(proxy):
    proxy.ledger.add(an_event("rostered", open=False, most_attendees=1))
    made = proxy.ledger.attend("rostered", ["ada", "grace", "joan"])
    assert [ask(proxy, token).status_code for token in made.values()] == [200] * 3


@pytest.mark.parametrize(
    "body",
    [
        '{"event": "self", "name": "\\ud800"}',
        '{"event": "\\ud800", "name": "x"}',
        '{"event": "self", "event": "lesson", "name": "x"}',
        '{"event": "self\\u0000", "name": "x"}',
        '{"event": ["self"], "name": "x"}',
        "[]",
        "{",
    ],
)
def test_a_registration_that_makes_no_sense_is_no_fault_of_the_proxy(proxy, body):
    proxy.ledger.add(an_event("self", open=False, self_registration=True))
    answer = httpx.post(f"{proxy.url}/register", content=body)
    assert 400 <= answer.status_code < 500


# --- wrong tokens -------------------------------------------------------------------------------------------------


def test_wrong_tokens_lock_out_nobody_else_at_the_address(proxy):
    proxy.ledger.add(an_event("closed", open=False))
    right = proxy.ledger.attend("closed", ["ada"])["ada"]
    for number in range(200):
        ask(proxy, f"nowhere{number}/mallory")
        ask(proxy, f"closed/mallory{number}.wrong")
    assert ask(proxy, right).status_code == 200
    assert ask(proxy, "lesson/a-new-name").status_code == 200


def test_wrong_tokens_of_a_name_do_not_lock_out_who_has_that_name(proxy):
    proxy.ledger.add(an_event("closed", open=False))
    right = proxy.ledger.attend("closed", ["ada"])["ada"]
    codes = [ask(proxy, f"closed/ada.wrong{number}").status_code for number in range(40)]
    assert codes == [401] * 30 + [429] * 10
    assert ask(proxy, right).status_code == 200


def test_a_secret_is_too_long_to_be_guessed():
    assert len(tokens.new_secret()) * 4 >= 128


def test_who_tries_codes_without_end_does_not_learn_when_one_is_right(proxy):
    """At ten a second nobody errs: names that have not come before have to wait then, and others do not."""
    assert ask(proxy, "lesson/ada").status_code == 200
    with httpx.Client() as client:
        for number in range(620):
            client.get(f"{proxy.url}/me", headers={"api-key": f"guess{number}/n{number}"})
    assert refusal(ask(proxy, "lesson/mallory")) == (429, "too_many_attempts")
    assert ask(proxy, "lesson/ada").status_code == 200


# --- the instructor's password ------------------------------------------------------------------------------------


def basic(password):
    return {"authorization": "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()}


def test_passwords_can_not_be_tried_at_will(proxy):
    page = f"{proxy.url}/admin"
    came = httpx.get(page, headers=basic(PASSWORD))
    ticket = came.headers["set-cookie"].partition(";")[0]
    assert "HttpOnly" in came.headers["set-cookie"]
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=8) as pool:
        codes = list(
            pool.map(lambda number: httpx.get(page, headers=basic(f"w{number}")).status_code, range(60))
        )
    assert time.monotonic() - began > 0.5
    assert codes.count(401) <= 18  # ten, and those that were under way
    assert codes.count(429) >= 42
    assert httpx.get(page, headers=basic(PASSWORD)).status_code == 429
    # the instructor, who was let in before, is behind the same address
    assert httpx.get(page, headers={"cookie": ticket}).status_code == 200
    assert httpx.get(page, headers={"cookie": "class-proxy=guess"}).status_code == 401


def test_asking_for_the_page_without_a_password_is_no_try(proxy):
    for _ in range(15):
        assert httpx.get(f"{proxy.url}/admin").status_code == 401
    assert httpx.get(f"{proxy.url}/admin", headers=basic(PASSWORD)).status_code == 200

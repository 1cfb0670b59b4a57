"""Who gets in, from when until when; and who tries to."""

import asyncio
import base64
import socket
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.requests import bodies
from classroom.proxy.rules import tokens
from classroom.proxy.rules.errors import EventError
from classroom.proxy.rules.events import moment
from classroom.proxy.rules.throttle import Throttle
from classroom.standin.incoming.errors import APIError
from tests.proxy.conftest import KEY, PASSWORD, an_event

CHAT = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Say hello."}]}


def ask(proxy, token, **named):
    headers = {"api-key": token} if token else {}
    return httpx.post(f"{proxy.url}/v1/chat/completions", headers=headers, json=CHAT, timeout=30, **named)


def refusal(answer):
    return answer.status_code, answer.json()["error"]["code"]


# --- tokens -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token", ["", "lesson", "/ada", "lesson/", "lesson/a b", "les son/ada", "x" * 65 + "/ada"]
)
def test_what_is_no_token_is_a_401_that_says_how_one_looks(proxy, token):
    answer = ask(proxy, token)
    assert refusal(answer) == (401, "token_missing")
    assert "event-code/user" in answer.json()["error"]["message"]


def test_two_headers_with_different_tokens_are_refused(proxy):
    headers = {"api-key": "lesson/ada", "authorization": "Bearer lesson/grace"}
    answer = httpx.post(f"{proxy.url}/v1/chat/completions", headers=headers, json=CHAT)
    assert refusal(answer) == (401, "token_ambiguous")


def test_an_event_that_is_unknown_has_not_begun_or_is_over_says_which(proxy):
    now = datetime.now(UTC)
    proxy.ledger.add(an_event("early", starts=now + timedelta(hours=1), zone="Asia/Tokyo"))
    proxy.ledger.add(an_event("late", starts=now - timedelta(hours=2), ends=now - timedelta(hours=1)))
    assert refusal(ask(proxy, "nowhere/ada")) == (401, "event_unknown")
    early = ask(proxy, "early/ada")
    assert refusal(early) == (401, "event_not_started")
    assert "+09:00" in early.json()["error"]["message"]
    assert refusal(ask(proxy, "late/ada")) == (401, "event_ended")


def test_an_event_that_is_ended_is_over_within_a_second(proxy):
    assert ask(proxy, "lesson/ada").status_code == 200
    proxy.ledger.end("lesson")
    time.sleep(1.1)
    assert refusal(ask(proxy, "lesson/ada")) == (401, "event_ended")


def test_a_closed_event_takes_its_attendees_by_their_own_token(proxy):
    proxy.ledger.add(an_event("closed", open=False))
    tokens = proxy.ledger.attend("closed", ["ada", "grace"])
    assert ask(proxy, tokens["ada"]).status_code == 200
    others = tokens["grace"].rpartition(".")[2]
    for token in ("closed/ada", f"closed/ada.{others}", "closed/eve", f"lesson/ada.{others}"):
        assert ask(proxy, token).status_code in (401, 200 if token.startswith("lesson") else 401)
    assert refusal(ask(proxy, "closed/ada")) == (401, "attendee_unknown")
    assert httpx.get(f"{proxy.url}/me", headers={"api-key": tokens["ada"]}).json()["name"] == "ada"


def test_a_rotated_token_is_worth_nothing(proxy):
    proxy.ledger.add(an_event("closed", open=False))
    old = proxy.ledger.attend("closed", ["ada"])["ada"]
    assert ask(proxy, old).status_code == 200
    new = proxy.ledger.rotate("closed")["ada"]
    time.sleep(1.1)
    assert (ask(proxy, old).status_code, ask(proxy, new).status_code) == (401, 200)
    proxy.ledger.remove("closed", "ada")
    time.sleep(1.1)
    assert ask(proxy, new).status_code == 401


def test_in_an_open_event_nobody_takes_the_name_of_an_attendee_with_a_secret(proxy):
    proxy.ledger.attend("lesson", ["ada"])
    assert refusal(ask(proxy, "lesson/ada")) == (401, "attendee_unknown")


def test_who_knows_the_code_may_register_where_the_event_allows_it(proxy):
    proxy.ledger.add(an_event("self", open=False, self_registration=True))
    made = httpx.post(f"{proxy.url}/register", json={"event": "self", "name": "ada"})
    assert made.status_code == 201
    assert ask(proxy, made.json()["token"]).status_code == 200
    assert httpx.post(f"{proxy.url}/register", json={"event": "self", "name": "ada"}).status_code == 409
    assert httpx.post(f"{proxy.url}/register", json={"event": "lesson", "name": "ada"}).status_code == 401
    assert httpx.post(f"{proxy.url}/register", json={"event": "nowhere", "name": "ada"}).status_code == 401


# --- times --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "zone", "late", "expected"),
    [
        ("2026-11-21T09:00+01:00", None, False, "2026-11-21T08:00:00+00:00"),
        ("2026-07-01T09:00", "Europe/Berlin", False, "2026-07-01T07:00:00+00:00"),
        ("2026-10-25T02:30", "Europe/Berlin", False, "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T02:30", "Europe/Berlin", True, "2026-10-25T01:30:00+00:00"),
        ("2026-11-01T01:30", "America/New_York", True, "2026-11-01T06:30:00+00:00"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", False, "2026-04-04T14:45:00+00:00"),
    ],
)
def test_times_are_understood_in_their_zone_when_clocks_change_too(text, zone, late, expected):
    assert moment(text, zone, late=late).isoformat() == expected


@pytest.mark.parametrize(
    ("text", "zone", "words"),
    [
        ("2026-11-21T09:00", None, "which time zone"),
        ("tomorrow", None, "is no time"),
        ("2026-03-29T02:30", "Europe/Berlin", "does not exist"),
        ("2026-11-21T09:00", "Mars/Olympus", "no time zone"),
    ],
)
def test_times_that_can_not_be_meant_are_refused(text, zone, words):
    with pytest.raises(EventError, match=words):
        moment(text, zone)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Auckland"])
def test_at_the_edges_of_an_event_the_first_moment_is_in_and_the_last_is_out(zone, tmp_path):
    from classroom.proxy.auth import People
    from classroom.proxy.books.database import connect
    from classroom.proxy.books.ledger import Ledger

    now = [0.0]
    ledger = Ledger(connect(str(tmp_path / "p.sqlite")), clock=lambda: now[0])
    starts = moment("2026-10-24T22:00", zone)
    ends = moment("2026-11-02T03:00", zone, late=True)  # clocks change in between, in two of the three
    ledger.add(an_event("edge", starts=starts, ends=ends, zone=zone))
    from concurrent.futures import ThreadPoolExecutor

    people = People(ledger, ThreadPoolExecutor(1))

    def admitted(at: float) -> str:
        now[0] = at
        try:
            asyncio.run(people.admit(tokens.Token("edge", "ada"), "address"))
        except APIError as error:
            return str(error.code)
        return "in"

    edges = (starts.timestamp() - 0.001, starts.timestamp(), ends.timestamp() - 0.001, ends.timestamp())
    assert [admitted(edge) for edge in edges] == ["event_not_started", "in", "in", "event_ended"]


# --- attacks ------------------------------------------------------------------------------------------------------


def test_who_guesses_has_to_wait_and_who_is_right_does_not(proxy):
    codes = [ask(proxy, f"guess{number}/ada").status_code for number in range(32)]
    assert codes[:30] == [401] * 30
    assert refusal(ask(proxy, "guess-again/ada")) == (429, "too_many_attempts")


def test_guesses_are_forgotten_after_a_while():
    now = [0.0]
    throttle = Throttle(limit=2, seconds=60, clock=lambda: now[0])
    for _ in range(2):
        throttle.check("a")
        throttle.wrong("a")
    with pytest.raises(APIError):
        throttle.check("a")
    throttle.check("b")
    now[0] = 61
    throttle.check("a")


def test_a_wrong_secret_is_compared_in_constant_time_and_nothing_matches_nobody():
    assert tokens.same("s", tokens.digest("s"))
    assert not tokens.same("s", None)
    assert not tokens.same("nobody's", None)
    assert not tokens.same("-", "-")


def test_headers_of_the_learner_s_do_not_go_upstream(proxy):
    headers = {
        "api-key": "lesson/ada",
        "openai-organization": "org-of-someone",
        "openai-project": "proj-of-someone",
        "x-forwarded-host": "elsewhere",
        "host": "elsewhere.example",
    }
    httpx.post(f"{proxy.url}/v1/chat/completions", headers=headers, json=CHAT)
    [call] = proxy.openai.calls
    assert (call.organization, call.project) == (None, None)


def test_the_event_s_organization_and_project_do(proxy):
    proxy.ledger.add(an_event("billed", organization="org-class", project="proj-lab"))
    ask(proxy, "billed/ada")
    [call] = proxy.openai.calls
    assert (call.organization, call.project) == ("org-class", "proj-lab")


def test_smuggled_requests_are_not_two(proxy):
    host, _, port = proxy.url.removeprefix("http://").partition(":")
    body = b'{"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "x"}]}'
    inner = b"POST /v1/files HTTP/1.1\r\nHost: x\r\napi-key: lesson/ada\r\nContent-Length: 0\r\n\r\n"
    smuggled = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\napi-key: lesson/ada\r\nContent-Length: %d\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n%s" % (len(body), len(body), body, inner)
    )
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(smuggled)
        connection.settimeout(3)
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
        except TimeoutError:
            pass
    assert all(call.route == "chat/completions" for call in proxy.openai.calls)
    assert len(proxy.openai.calls) <= 1
    assert received.startswith(b"HTTP/1.1 ")


def test_a_body_that_comes_too_slowly_is_not_waited_for(proxy, monkeypatch):
    monkeypatch.setattr(bodies, "_SECONDS", 0.5)
    host, _, port = proxy.url.removeprefix("http://").partition(":")
    began = time.monotonic()
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\napi-key: lesson/ada\r\nContent-Length: 100\r\n\r\n{"
        )
        for _ in range(3):  # a byte now and then keeps nothing open
            time.sleep(0.2)
            connection.sendall(b" ")
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 5
    assert len(proxy.openai.calls) == 0


def test_a_body_that_is_too_large_is_refused_before_it_is_read(proxy):
    def endless():
        while True:
            yield b"x" * 65536

    headers = {"api-key": "lesson/ada", "content-type": "application/json"}
    host, _, port = proxy.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\napi-key: lesson/ada\r\nContent-Length: 1099511627776\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    try:
        answer = httpx.post(
            f"{proxy.url}/v1/chat/completions", headers=headers, content=endless(), timeout=30
        )
        assert answer.status_code == 413
    except (httpx.NetworkError, httpx.RemoteProtocolError):
        pass  # it hung up on us, which is as good
    assert ask(proxy, "lesson/ada").status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_a_400(proxy, body):
    answer = httpx.post(f"{proxy.url}/v1/chat/completions", headers={"api-key": "lesson/ada"}, content=body)
    assert refusal(answer) == (400, "invalid_body")


@pytest.mark.parametrize("field", ["base_url", "api_base", "endpoint", "azure_endpoint", "url"])
def test_no_field_of_a_request_chooses_where_it_goes(proxy, field):
    body = {**CHAT, field: "http://169.254.169.254/"}
    answer = httpx.post(f"{proxy.url}/v1/chat/completions", headers={"api-key": "lesson/ada"}, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, field)
    assert not proxy.openai.calls


def test_an_upstream_that_repeats_the_key_in_an_error_does_not_tell_the_learner(proxy):
    message = f"Incorrect API key provided: {KEY}. Find yours at …"
    for status in (400, 401, 404, 429, 500):
        proxy.openai.fail(status=status, message=message, times=1)
        answer = ask(proxy, "lesson/ada")
        assert KEY not in answer.text
        assert answer.status_code == (503 if status in (401, 500) else status)


def test_the_key_is_in_no_representation():
    upstream = Upstream("https://api.openai.com/v1", KEY)
    assert KEY not in repr(upstream)
    partial = b'{"error": "key sk-proj-abcd************wxyz"}'
    assert upstream.without_key(partial) == b'{"error": "key [key]"}'


def test_the_key_and_the_prompts_are_nowhere_in_the_database(proxy, tmp_path):
    ask(proxy, "lesson/ada")
    proxy.ledger.attend("lesson", ["grace"])
    content = b"".join(path.read_bytes() for path in tmp_path.glob("proxy.sqlite*"))
    assert KEY.encode() not in content
    assert b"Say hello." not in content


def test_prompts_are_kept_where_the_event_says_so_and_learners_see_it(proxy, tmp_path):
    proxy.ledger.add(an_event("kept", keeps_prompts=True))
    assert ask(proxy, "lesson/ada").headers["x-prompts-kept"] == "no"
    assert ask(proxy, "kept/ada").headers["x-prompts-kept"] == "yes"
    assert httpx.get(f"{proxy.url}/me", headers={"api-key": "kept/ada"}).json()["prompts_are_kept"]
    content = b"".join(path.read_bytes() for path in tmp_path.glob("proxy.sqlite*"))
    assert content.count(b"Say hello.") >= 1


def test_prompts_that_are_forgotten_are_in_no_file_and_the_books_stay(proxy, tmp_path):
    proxy.ledger.add(an_event("kept", keeps_prompts=True))
    ask(proxy, "kept/ada")
    before = proxy.ledger.report("kept")
    assert proxy.ledger.forget_prompts("kept") == 1
    assert proxy.ledger.report("kept") == before
    content = b"".join(path.read_bytes() for path in tmp_path.glob("proxy.sqlite*"))
    assert b"Say hello." not in content


# --- the instructor's page ----------------------------------------------------------------------------------------


def basic(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()}


@pytest.mark.parametrize("path", ["/admin", "/metrics"])
def test_the_page_and_the_metrics_want_the_password(proxy, path):
    assert httpx.get(f"{proxy.url}{path}").status_code == 401
    assert httpx.get(f"{proxy.url}{path}", headers=basic("guess")).status_code == 401
    assert httpx.get(f"{proxy.url}{path}", headers=basic(PASSWORD)).status_code == 200


def test_the_page_says_who_used_what_and_runs_no_script_of_theirs(proxy):
    ask(proxy, "lesson/<script>alert(1)<script>")
    page = httpx.get(f"{proxy.url}/admin/events/lesson", headers=basic(PASSWORD)).text
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_metrics_count_by_event_and_model_and_name_nobody(proxy):
    ask(proxy, "lesson/ada")
    text = httpx.get(f"{proxy.url}/metrics", headers=basic(PASSWORD)).text
    assert 'class_proxy_requests_total{event="lesson",model="gpt-5.4-mini"} 1.0' in text
    assert "ada" not in text

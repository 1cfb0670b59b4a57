"""The instructor's pages: what they do, and who can't: without the password, the session's word, or a page of the proxy."""

import csv
import http.client
import io
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import Upstream
from tests.proxy.conftest import KEY, PASSWORD, an_event, served
from tests.proxy.pages import Visitor, instructor, seen

BASE = "/admin/events/lesson"
NEW = {
    "code": "ml-101",
    "starts": "2026-11-21T09:00",
    "ends": "2027-11-21T18:00",
    "zone": "Europe/Berlin",
    "models": "gpt-5.4-mini,small=text-embedding-3-small",
    "budget": "25",
    "learner_budget": "0.50",
    "daily_requests": "200",
    "who": "closed",
    "text": "Welcome",
}
CHANGES = ("extend", "top-up", "pause", "resume", "end", "text", "attend", "rotate", "remove")


@pytest.fixture
def desk(proxy):
    visitor = instructor(proxy.url)
    yield visitor
    visitor.close()


def do(desk, what, fields=None, base=BASE):
    return desk.send(f"{base}/{what}", {**(fields or {}), "word": desk.word("/admin")})


def ask(proxy, name="ada", event="lesson"):
    body = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "hi"}]}
    return httpx.post(f"{proxy.url}/v1/chat/completions", json=body, headers={"api-key": f"{event}/{name}"})


# --- what it does ----------------------------------------------------------------------------------------------------


def test_an_event_is_made_extended_topped_up_paused_resumed_and_ended(proxy, desk):
    made = desk.send("/admin/events", {**NEW, "word": desk.word("/admin")})
    assert "The event is made." in made.text
    base = "/admin/events/ml-101"
    do(desk, "extend", {"by": "1d"}, base)
    do(desk, "top-up", {"dollars": "5"}, base)
    do(desk, "pause", base=base)
    do(desk, "text", {"text": "Bring a laptop"}, base)
    event = proxy.ledger.event("ml-101")
    assert (event.local_time(event.ends), event.event_budget) == ("2027-11-22T18:00+01:00", 30_000_000_000)
    assert (event.paused, event.text, event.daily_requests) == (True, "Bring a laptop", 200)
    assert event.models == {"gpt-5.4-mini": "gpt-5.4-mini", "small": "text-embedding-3-small"}
    assert "goes on" in seen(do(desk, "resume", base=base))
    assert "over" in seen(do(desk, "end", base=base))
    event = proxy.ledger.event("ml-101")
    assert not event.paused
    assert event.state(proxy.ledger.now()) == "over"


def test_tokens_are_handed_out_rotated_and_shown_once(proxy, desk):
    proxy.ledger.add(an_event("closed", open=False))
    base = "/admin/events/closed"
    first = re.findall(r"closed/\w+\.[0-9a-f]{32}", do(desk, "attend", {"names": "ada\neve\n"}, base).text)
    assert len(first) == 2
    [second] = re.findall(r"closed/ada\.[0-9a-f]{32}", do(desk, "rotate", {"name": "ada"}, base).text)
    assert second not in first
    assert not re.search(r"closed/\w+\.[0-9a-f]{32}", desk.get(base).text)
    me = f"{proxy.url}/me"
    assert [httpx.get(me, headers={"api-key": token}).status_code for token in (*first, second)] == [
        401,
        200,
        200,
    ]
    do(desk, "remove", {"name": "eve"}, base)
    assert proxy.ledger.secret_of("closed", "eve") == "-"


def test_figures_refusals_and_tables_are_those_of_the_books(proxy, desk):
    proxy.ledger.add(an_event("capped", daily_requests=2, learner_budget=5_000_000_000))
    for _ in range(4):
        ask(proxy, event="capped")
    proxy.openai.fail(status=400, times=1)
    ask(proxy, "eve", "capped")
    page = desk.get("/admin/events/capped")
    text = seen(page)
    assert re.search(r"daily_cap_reached\s+2", text)
    assert re.search(r"upstream answered 400\s+1", text)
    assert "Most was spent by ada" in text
    assert re.search(r"Calls in the hour from [-0-9: ]+: 3\.", text)
    assert page.text.count('role="img"') == 2
    rows = list(csv.reader(io.StringIO(desk.get("/admin/events/capped/learners.csv").text)))
    assert rows[0] == ["attendee", "requests today", "left today", "US dollars", "US dollars left"]
    assert rows[1][:3] == ["ada", "2", "0"]
    spent = sum(line.cost for line in proxy.ledger.report("capped"))
    times = list(csv.reader(io.StringIO(desk.get("/admin/events/capped/time.csv").text)))
    assert sum(round(float(row[3]) * 1e9) for row in times[1:]) == spent
    refused = desk.get("/admin/events/capped/refusals.csv").text
    assert refused == "reason,requests\ndaily_cap_reached,2\nupstream answered 400,1\n"


def test_no_cell_of_a_table_is_a_formula(proxy, desk):
    name = '=HYPERLINK("evil.example","x")'
    assert ask(proxy, name).status_code == 200
    for table in ("used", "learners"):
        answer = desk.get(f"{BASE}/{table}.csv")
        assert answer.headers["content-type"].startswith("text/csv")
        assert [row[0] for row in csv.reader(io.StringIO(answer.text))][1] == f"'{name}"


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("extend", {}),
        ("extend", {"by": "1h", "until": "2027-01-01T00:00"}),
        ("extend", {"by": "-1h"}),
        ("extend", {"until": "9999-12-31T23:59"}),
        ("extend", {"until": "x" * 5000}),
        ("top-up", {"dollars": "-5"}),
        ("top-up", {"dollars": "1e400"}),
        ("top-up", {"dollars": "NaN"}),
        ("top-up", {"dollars": "5"}),  # this event has no budget
        ("text", {"text": "x" * 20_000}),
        ("attend", {"names": "a/b"}),
        ("attend", {"names": ""}),
        ("attend", {"names": "\n".join(map(str, range(2000)))}),
        ("rotate", {"name": "nobody"}),
    ],
)
def test_what_makes_no_sense_is_explained_and_changes_nothing(proxy, desk, what, fields):
    before = proxy.ledger.event("lesson")
    answer = do(desk, what, fields)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert proxy.ledger.event("lesson") == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "a b"},
        {"code": "lesson"},
        {"code": "../x"},
        {"ends": "2020-01-01T00:00"},
        {"ends": "0001-01-01T00:00"},
        {"zone": "Mars"},
        {"zone": "../../etc/passwd"},
        {"models": ""},
        {"models": "no-such-model"},
        {"models": ",".join(f"m{n}=gpt-5.4-mini" for n in range(100))},
        {"budget": "lots"},
        {"max_tokens": "1.5"},
        {"daily_requests": "99999999999"},
        {"attendees": "²"},
        {"allow": "everything"},
        {"organization": "x" * 200},
    ],
)
def test_terms_that_make_no_sense_make_no_event_and_stay_in_the_form(proxy, desk, wrong):
    answer = desk.send("/admin/events", {**NEW, **wrong, "word": desk.word("/admin")})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "Welcome" in answer.text
    assert [event.code for event, _ in proxy.ledger.events()] == ["lesson"]


# --- attacks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["", "0" * 64, "é"])
@pytest.mark.parametrize("what", CHANGES)
def test_nothing_is_changed_without_the_word_of_the_session(proxy, desk, what, word):
    before = proxy.ledger.event("lesson")
    fields = {"word": word, "by": "1h", "dollars": "5", "text": "x", "names": "x", "name": "ada"}
    assert desk.send(f"{BASE}/{what}", fields).status_code == 403
    assert proxy.ledger.event("lesson") == before


def test_the_word_of_another_session_is_worth_nothing(proxy, desk):
    other = instructor(proxy.url)
    assert desk.send(f"{BASE}/end", {"word": other.word("/admin")}).status_code == 403
    assert desk.send("/admin/events", {**NEW, "word": other.word("/admin")}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_of_another_site_changes_nothing(proxy, desk, headers):
    word = desk.word("/admin")
    assert desk.send(f"{BASE}/pause", {"word": word}, headers=headers).status_code == 403
    signing_in = Visitor(proxy.url)
    assert signing_in.send("/admin/sign-in", {"password": PASSWORD}, headers=headers).status_code == 403
    assert not proxy.ledger.event("lesson").paused


@pytest.mark.parametrize("path", ["/admin", BASE, f"{BASE}/used.csv", "/metrics"])
@pytest.mark.parametrize("header", ["api-key", "openai-event-code", "authorization"])
def test_an_attendee_s_token_opens_no_page_of_the_instructor_s(proxy, path, header):
    value = "Bearer lesson/ada" if header == "authorization" else "lesson/ada"
    answer = httpx.get(proxy.url + path, headers={header: value})
    assert answer.status_code == 401
    assert "lesson/ada" not in answer.text
    assert "spent" not in answer.text


@pytest.mark.parametrize("what", CHANGES)
def test_who_is_not_signed_in_changes_nothing(proxy, what):
    visitor = Visitor(proxy.url)
    answer = visitor.send(f"{BASE}/{what}", {"word": "x", "by": "1h"}, headers={"api-key": "lesson/ada"})
    assert answer.status_code == 401
    assert not proxy.ledger.event("lesson").paused


def test_a_password_that_a_browser_sends_by_itself_reads_and_changes_nothing(proxy):
    answer = httpx.post(
        f"{proxy.url}{BASE}/pause", auth=("admin", PASSWORD), headers={"origin": proxy.url}, data={"word": ""}
    )
    assert answer.status_code == 403
    assert httpx.get(f"{proxy.url}{BASE}", auth=("admin", PASSWORD)).status_code == 200


def test_signing_out_ends_the_session_everywhere(proxy, desk):
    cookie = "; ".join(f"{each.name}={each.value}" for each in desk.client.cookies.jar)
    assert httpx.get(f"{proxy.url}/admin", headers={"cookie": cookie}).status_code == 200
    desk.send("/admin/sign-out", {"word": desk.word("/admin")})
    assert httpx.get(f"{proxy.url}/admin", headers={"cookie": cookie}).status_code == 401


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_is_nowhere_in_the_database(proxy, tmp_path):
    answer = httpx.post(
        f"{proxy.url}/admin/sign-in", data={"password": PASSWORD}, headers={"origin": proxy.url}
    )
    kept = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(kept.split("; "))
    value = kept.partition("=")[2].partition(";")[0].encode()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("proxy.sqlite*"))
    assert value not in stored
    assert PASSWORD.encode() not in stored


def test_a_sign_in_holds_at_every_proxy_and_ends_with_the_password(proxy, desk, tmp_path):
    cookie = "; ".join(f"{each.name}={each.value}" for each in desk.client.cookies.jar)
    for password, status in ((PASSWORD, 200), ("another", 401)):
        ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
        with served(Proxy(ledger, Upstream(proxy.openai.base_url, KEY), admin=password)) as url:
            assert httpx.get(f"{url}/admin", headers={"cookie": cookie}).status_code == status
        ledger.close()


def test_wrong_passwords_have_to_wait_and_a_session_goes_on(proxy, desk):
    visitor = Visitor(proxy.url)
    with ThreadPoolExecutor(max_workers=8) as pool:
        codes = list(
            pool.map(
                lambda number: (
                    httpx.post(
                        f"{proxy.url}/admin/sign-in",
                        data={"password": f"w{number}"},
                        headers={"origin": proxy.url},
                    ).status_code
                ),
                range(40),
            )
        )
    assert codes.count(429) >= 20
    assert visitor.send("/admin/sign-in", {"password": PASSWORD}).status_code == 429
    assert desk.get("/admin").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/admin/../admin",
        "/admin%2fevents",
        "/admin//events/lesson",
        "/admin/events/lesson/../../x",
        "/admin/events/lesson/used.csv/x",
        "/admin/events/%6cesson",
        "/v1/admin/events/lesson",
        "/admin/events/lesson/../../../etc/passwd",
        "/admin/events/lesson/event.jinja",
        "/ADMIN",
    ],
)
def test_no_odd_address_leads_to_a_page(proxy, desk, path):
    cookie = "; ".join(f"{each.name}={each.value}" for each in desk.client.cookies.jar)
    connection = http.client.HTTPConnection(proxy.url.removeprefix("http://"))
    connection.request("GET", path, headers={"cookie": cookie})
    assert connection.getresponse().status in (401, 404)
    connection.close()


def test_hostile_names_texts_and_models_are_shown_as_text(proxy, desk):
    hostile = "<script>alert(1)</script>\"'{{7*7}}"
    proxy.ledger.add(an_event("odd", text=hostile, models={hostile: "gpt-5.4-mini"}, zone="UTC"))
    ask_body = {"model": hostile, "messages": [{"role": "user", "content": "hi"}]}
    name = "<img>\"'"
    answer = httpx.post(f"{proxy.url}/v1/chat/completions", json=ask_body, headers={"api-key": f"odd/{name}"})
    assert answer.status_code == 200
    page = desk.get("/admin/events/odd")
    assert "&lt;img&gt;" in page.text
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.search(r"(src|href|action)=\"(https?:)?//", page.text)


def test_without_a_password_there_are_no_pages(tmp_path):
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    with served(Proxy(ledger, Upstream("http://127.0.0.1:9/v1", KEY), admin=None)) as url:
        visitor = Visitor(url)
        assert visitor.get("/admin").status_code == 401
        assert visitor.send("/admin/sign-in", {"password": ""}).status_code == 401
        assert httpx.get(f"{url}/admin", auth=("admin", "")).status_code == 401
    ledger.close()


def test_refusals_are_written_before_the_proxy_ends(tmp_path):
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    ledger.add(an_event())
    with served(Proxy(ledger, Upstream("http://127.0.0.1:9/v1", KEY), admin=PASSWORD)) as url:
        for number in range(3):
            httpx.get(f"{url}/v1/models/no-{number}", headers={"api-key": "lesson/ada"})
            httpx.get(f"{url}/v1/models", headers={"api-key": f"nowhere{number}/ada"})
    assert ledger.accounts.refusals("lesson") == [("model_not_allowed", 3)]
    ledger.close()


def test_of_a_crowd_some_are_shown_and_everybody_is_found(proxy, desk):
    proxy.ledger.add(an_event("crowd", open=False))
    proxy.ledger.attend("crowd", [f"learner-{number:03}" for number in range(150)])
    page = desk.get("/admin/events/crowd").text
    assert page.count('<th scope="row">learner-') == 100
    assert "Shown are 100 of 150" in page
    found = desk.get("/admin/events/crowd?name=NER-14").text
    assert found.count('<th scope="row">learner-') == 10
    assert "Nobody is called so." in desk.get("/admin/events/crowd", params={"name": "<script>"}).text
    assert len(desk.get("/admin/events/crowd/learners.csv").text.splitlines()) == 151

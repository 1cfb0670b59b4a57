"""The join page: who gets in, what they see, and that nothing in it runs, leaks, or asks beyond a learner's own cap."""

import base64
import html
import http.client
import re
import subprocess
import sys
import time

import httpx
import pytest

from tests.proxy.conftest import an_event
from tests.proxy.pages import Visitor, joined, seen

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
MODELS = {"gpt-5.4-mini": "gpt-5.4-mini", "gpt-image-2": "gpt-image-2"}


@pytest.fixture
def closed(proxy):
    """An event of attendees; their tokens by name."""
    proxy.ledger.add(an_event("closed", open=False))
    return proxy.ledger.attend("closed", ["ada", "eve"])


def cookies(visitor):
    return {each.name: each.value for each in visitor.client.cookies.jar}


# --- getting in ------------------------------------------------------------------------------------------------------


def test_a_code_leads_to_the_event(proxy):
    answer = Visitor(proxy.url).get("/join?code=lesson")
    assert answer.url.path == "/join/lesson"
    assert "Who are you?" in answer.text


@pytest.mark.parametrize("code", ["nowhere", "../admin", "%2e%2e", "a b", HOSTILE, "x" * 3000, "\udcff"])
def test_a_code_that_is_none_is_reported(proxy, code):
    answer = httpx.get(f"{proxy.url}/join", params={"code": code.encode("utf-8", "surrogateescape")})
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


def test_a_token_lets_an_attendee_in_and_no_other_text_does(proxy, closed):
    assert "<strong>ada</strong>" in joined(proxy.url, "closed", token=closed["ada"]).get("/join/closed").text
    for wrong in ("ada", "closed/ada", f"{closed['ada']}x", "lesson/ada", "closed/ada.\u00e9", ""):
        answer = Visitor(proxy.url).send("/join/closed", {"token": wrong})
        assert answer.status_code in (400, 401), wrong
        assert "What is left" not in answer.text


def test_a_name_alone_lets_nobody_into_a_closed_event(proxy, closed):
    assert Visitor(proxy.url).send("/join/closed", {"name": "ada"}).status_code == 400


def test_who_registers_sees_their_token_and_a_second_one_of_the_name_does_not(proxy):
    proxy.ledger.add(an_event("self", open=False, self_registration=True))
    page = joined(proxy.url, "self", name="ada").get("/join/self").text
    token = re.search(r"self/ada\.[0-9a-f]{32}", page)[0]
    me = httpx.get(f"{proxy.url}/me", headers={"api-key": token}).json()
    assert me["name"] == "ada"
    again = Visitor(proxy.url).send("/join/self", {"name": "ada"})
    assert again.status_code == 400
    assert token not in again.text


def test_a_token_that_was_rotated_counts_no_more_on_the_page(proxy, closed):
    visitor = joined(proxy.url, "closed", token=closed["ada"])
    proxy.ledger.rotate("closed", "ada")
    time.sleep(1.1)  # what the database answered is believed for a second
    answer = visitor.get("/join/closed")
    assert answer.status_code == 401
    assert "What is left" not in answer.text


def test_leaving_takes_the_cookie_away(proxy):
    visitor = joined(proxy.url, name="ada")
    answer = visitor.send("/join/lesson/leave", {"word": visitor.word("/join/lesson")})
    assert "Who are you?" in answer.text
    assert cookies(visitor) == {}


def test_wrong_codes_without_end_have_to_wait(proxy):
    with httpx.Client(base_url=proxy.url) as client:
        codes = [client.get(f"/join/guess{number}").status_code for number in range(620)]
    assert codes[0] == 404
    assert codes[-1] == 429


# --- attacks ---------------------------------------------------------------------------------------------------------


def test_the_cookie_of_another_event_lets_nobody_in(proxy, closed):
    proxy.ledger.add(an_event("other"))
    visitor = joined(proxy.url, name="ada")
    [(name, value)] = cookies(visitor).items()
    assert "Who are you?" in httpx.get(f"{proxy.url}/join/other", headers={"cookie": f"{name}={value}"}).text
    forged = base64.urlsafe_b64encode(b"closed/ada").decode()
    answer = httpx.get(f"{proxy.url}/join/closed", headers={"cookie": f"{name}=nonce.{forged}"})
    assert "What is left" not in answer.text


@pytest.mark.parametrize("value", ["", ".", "a.b", "x." + "A" * 5000, "n.bGVzc29uLw==", "n.bGVzc29uLx4K"])
def test_a_cookie_that_is_none_is_no_fault_of_the_proxy(proxy, value):
    answer = httpx.get(f"{proxy.url}/join/lesson", headers={"cookie": f"class-join={value}"})
    assert answer.status_code < 500
    assert "What is left" not in answer.text


def test_the_cookie_is_for_this_page_alone_and_calls_nothing(proxy):
    visitor = Visitor(proxy.url)
    answer = visitor.client.post("/join/lesson", data={"name": "ada"}, follow_redirects=False)
    kept = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/join/lesson"} <= set(kept.split("; "))
    pair = kept.partition(";")[0]
    assert httpx.get(f"{proxy.url}/me", headers={"cookie": pair}).status_code == 401
    assert httpx.get(f"{proxy.url}/admin", headers={"cookie": pair}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_form_of_another_site_is_refused(proxy, headers):
    visitor = joined(proxy.url, name="ada")
    word = visitor.word("/join/lesson")
    asks = {"prompt": "hello", "word": word}
    assert visitor.send("/join/lesson/play", asks, headers=headers).status_code == 403
    assert visitor.send("/join/lesson", {"name": "mallory"}, headers=headers).status_code == 403
    assert list(proxy.openai.calls) == []


def test_a_form_without_the_word_of_its_session_asks_nothing(proxy):
    visitor, other = joined(proxy.url, name="ada"), joined(proxy.url, name="ada")
    for word in ("", "0" * 64, other.word("/join/lesson"), "é"):
        assert visitor.send("/join/lesson/play", {"prompt": "x", "word": word}).status_code == 403
    assert list(proxy.openai.calls) == []


def test_texts_names_and_models_are_shown_and_never_run(proxy):
    proxy.ledger.add(
        an_event("odd", text=HOSTILE, models={HOSTILE: "gpt-5.4-mini", "*": "gpt-5.4-mini"}, zone="UTC")
    )
    name = "<b>\"'&$(id)`id`"
    answer = joined(proxy.url, "odd", name=name).get("/join/odd")
    assert HOSTILE in seen(answer) or "alert(1)" in seen(answer)
    assert not re.search(r"<(script(?! src=\"/pages/join.js\" defer>)|img|b>)", answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"(src|href|action)=\"(https?:)?//", answer.text)
    assert " style=" not in answer.text
    assert " onclick" not in answer.text


def test_what_is_copied_stays_inside_its_quotes(proxy, tmp_path):
    name = "a'b\"c$(touch${IFS}owned)`touch${IFS}owned`\\"
    page = joined(proxy.url, name=name).get("/join/lesson").text
    place = tmp_path / "terminal"
    place.mkdir()
    python, curl, _ = (
        html.unescape(text) for text in re.findall(r"<pre id=[^>]*>(.*?)</pre>", page, re.DOTALL)
    )
    compile(python, "snippet", "exec")
    done = subprocess.run(["bash", "-c", curl], cwd=place, capture_output=True, text=True, check=False)
    assert "You asked" in done.stdout
    assert list(place.iterdir()) == []
    assert proxy.ledger.report("lesson")[0].attendee == name
    ran = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True, check=False)
    assert "You asked" in ran.stdout, ran.stderr


@pytest.mark.parametrize("host", ["evil.example/x", "a b", "<script>", "x:99999999", 'a"b'])
def test_a_host_that_is_none_gets_into_no_line_to_copy(proxy, host):
    visitor = joined(proxy.url, name="ada")
    answer = visitor.get("/join/lesson", headers={"host": host})
    assert answer.status_code == 400 or host not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/join/lesson/../../admin",
        "/join/lesson%2fplay",
        "/join//lesson",
        "/join/lesson/play/x",
        "/join/.lesson",
        "/pages/../admin",
        "/pages/..%2fevents.jinja",
        "/pages/events.jinja",
        "/JOIN/lesson",
    ],
)
def test_no_odd_address_leads_anywhere(proxy, path):
    connection = http.client.HTTPConnection(proxy.url.removeprefix("http://"))
    connection.request("GET", path)
    assert connection.getresponse().status in (401, 404, 405)
    connection.close()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"prompt=" + b"x" * 1_000_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(5000)), "application/x-www-form-urlencoded"),
        (b"name=ada&name=eve", "application/x-www-form-urlencoded"),
        (b"name=%ff%fe", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b'{"name": "ada"}', "application/json"),
        (b"--x", "multipart/form-data; boundary=x"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused_and_no_fault_of_the_proxy(proxy, content, kind):
    headers = {"content-type": kind, "origin": proxy.url}
    answer = httpx.post(f"{proxy.url}/join/lesson", content=content, headers=headers)
    assert 400 <= answer.status_code < 500


# --- the playground --------------------------------------------------------------------------------------------------


def test_a_text_and_a_picture_count_like_any_request(proxy):
    proxy.ledger.add(an_event("both", models=MODELS, daily_requests=3))
    visitor = joined(proxy.url, "both", name="ada")
    word = visitor.word("/join/both")
    text = visitor.send("/join/both/play", {"prompt": "A <b>lighthouse</b>", "way": "chat", "word": word})
    assert "You asked: “A <b>lighthouse</b>”" in seen(text)
    assert "<b>" not in text.text
    picture = visitor.send("/join/both/play", {"prompt": "A lighthouse", "way": "picture", "word": word})
    assert '<img src="data:image/png;base64,iVBOR' in picture.text
    lines = proxy.ledger.report("both")
    assert [(line.attendee, line.requests) for line in lines] == [("ada", 1), ("ada", 1)]
    assert all(line.cost > 0 for line in lines)


def test_the_playground_keeps_to_the_cap_and_says_which(proxy):
    proxy.ledger.add(an_event("small", daily_requests=1, max_tokens=50))
    visitor = joined(proxy.url, "small", name="ada")
    asks = {"prompt": "hello", "word": visitor.word("/join/small")}
    first = visitor.send("/join/small/play", asks, headers={"accept": "application/json"}).json()
    assert first["left"]["requests_left_today"] == 0
    second = visitor.send("/join/small/play", asks)
    assert "You have made the 1 requests" in seen(second)
    assert [call.body["max_completion_tokens"] for call in proxy.openai.calls] == [50]


def test_a_paused_event_shows_its_page_and_asks_nothing(proxy):
    visitor = joined(proxy.url, name="ada")
    proxy.ledger.pause("lesson", True)
    time.sleep(1.1)
    page = visitor.get("/join/lesson")
    assert "The event is paused" in seen(page)
    answer = visitor.send("/join/lesson/play", {"prompt": "x", "word": visitor.word("/join/lesson")})
    assert "is paused" in seen(answer)
    refused = httpx.get(f"{proxy.url}/v1/models", headers={"api-key": "lesson/ada"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "event_paused")
    proxy.ledger.pause("lesson", False)
    time.sleep(1.1)
    assert httpx.get(f"{proxy.url}/v1/models", headers={"api-key": "lesson/ada"}).status_code == 200


@pytest.mark.parametrize("prompt", ["", " ", "x" * 4001])
def test_a_prompt_that_is_none_is_reported_and_costs_nothing(proxy, prompt):
    visitor = joined(proxy.url, name="ada")
    answer = visitor.send("/join/lesson/play", {"prompt": prompt, "word": visitor.word("/join/lesson")})
    assert "Write a prompt" in seen(answer)
    assert list(proxy.openai.calls) == []

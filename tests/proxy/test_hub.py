"""Users of a JupyterHub come by their own token of it: a hub that answers `/user` as JupyterHub's REST API does, on this computer."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
import pytest

from classroom import OpenAIMock
from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import Upstream
from tests.proxy.conftest import KEY, Running, an_event, served
from tests.proxy.pages import Visitor, joined

MODEL = "gpt-5.4-mini"
TOKENS = {
    "token-of-ada": (200, {"kind": "user", "name": "ada", "admin": False, "groups": []}),
    "token-of-eve": (200, {"kind": "user", "name": "eve"}),
    "token-of-a-service": (200, {"kind": "service", "name": "cull-idle"}),
    "token-of-a-nameless": (200, {"kind": "user", "name": "two words"}),
    "odd": (200, ["ada"]),
    "away": (503, {"message": "the database is away"}),
    "moved": (302, {"name": "ada"}),
}


class _Hub(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers["authorization"]))
        secret = (self.headers["authorization"] or "").removeprefix("token ")
        status, user = TOKENS.get(secret, (403, {"status": 403, "message": "Missing or invalid credentials"}))
        if self.path != "/hub/api/user":
            status, user = 404, {}
        content = json.dumps(user).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        pass


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def proxy(tmp_path, hub):
    """For a closed event: nobody but the hub's users, and `grace` of the roster, may come."""
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    ledger.add(an_event("class", open=False))
    ledger.attend("class", ["grace"])
    api = f"http://127.0.0.1:{hub.server_port}/hub/api"
    with (
        OpenAIMock() as upstream,
        served(Proxy(ledger, Upstream(upstream.base_url, KEY), hub=api)) as url,
    ):
        yield Running(url, ledger, upstream)


def asked_by(proxy, secret):
    client = openai.OpenAI(base_url=f"{proxy.url}/v1", api_key=f"class/hub:{secret}", max_retries=0)
    return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hello"}])


def test_a_user_is_billed_by_the_hub_s_name_and_the_token_goes_to_the_hub_alone(proxy, hub):
    asked_by(proxy, "token-of-ada")
    asked_by(proxy, "token-of-ada")
    event = proxy.ledger.event("class")
    assert proxy.ledger.standing(event, "ada").requests == 2
    assert proxy.ledger.standing(event, "eve").requests == 0
    assert set(hub.asked) == {("/hub/api/user", "token token-of-ada")}
    sent = json.dumps([call.body for call in proxy.openai.calls])
    assert "token-of-ada" not in sent


@pytest.mark.parametrize("secret", ["nobody-s", "token-of-a-service", "token-of-a-nameless", "t\u00f6ken"])
def test_a_token_of_no_user_lets_nobody_in(proxy, secret):
    with pytest.raises((openai.AuthenticationError, UnicodeEncodeError)):
        asked_by(proxy, secret)
    assert proxy.openai.calls.made == 0


@pytest.mark.parametrize("secret", ["odd", "away", "moved"])
def test_a_hub_that_says_nothing_is_no_wrong_token(proxy, secret):
    with pytest.raises(openai.InternalServerError, match="can't be asked now") as caught:
        asked_by(proxy, secret)
    assert caught.value.status_code == 503


def test_a_hub_that_is_away_is_no_wrong_token(proxy, hub):
    hub.shutdown()
    hub.server_close()
    for _ in range(40):  # more than the wrong tokens that are allowed in a minute
        with pytest.raises(openai.InternalServerError, match="can't be asked now"):
            asked_by(proxy, "token-of-ada")


def test_who_is_kept_out_of_the_event_stays_out(proxy):
    asked_by(proxy, "token-of-eve")
    proxy.ledger.remove("class", "eve")
    time.sleep(1.1)  # what was looked up holds for a second
    with pytest.raises(openai.AuthenticationError):
        asked_by(proxy, "token-of-eve")
    asked_by(proxy, "token-of-ada")


def test_the_join_page_takes_the_token_and_says_when_it_is_none(proxy):
    assert "<strong>ada</strong>" in joined(proxy.url, "class", hub="token-of-ada").get("/join/class").text
    answer = Visitor(proxy.url).send("/join/class", {"hub": "nobody-s"})
    assert answer.status_code == 401
    assert "What is left" not in answer.text


def test_without_a_hub_such_a_token_is_a_wrong_one(tmp_path, hub):
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    ledger.add(an_event("class", open=False))
    with (
        OpenAIMock() as upstream,
        served(Proxy(ledger, Upstream(upstream.base_url, KEY))) as url,
        pytest.raises(openai.AuthenticationError),
    ):
        asked_by(Running(url, ledger, upstream), "token-of-ada")
    assert hub.asked == []

"""The grader's stand-in may be slow on a busy machine: that is never the app's failure."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from classroom import OpenAIMock
from classroom.s3.records import S3Request, StoredObject
from classroom.standin.records.calls import Call
from grader.collect.exchange.arrivals import Arrivals
from grader.collect.exchange.canary import CanarySearch
from grader.collect.exchange.keeping import Blobs
from grader.collect.exchange.requests import Request
from grader.collect.exchange.session import STAND_IN_WAS_SLOW, Session
from grader.evidence import Exchange

PATIENCE = 0.7  # seconds that the app waits for OpenAI


@pytest.fixture
def openai():
    with OpenAIMock() as mock:
        yield mock


@pytest.fixture
def app(openai):
    """Asks OpenAI, and answers 504 where that takes too long; `app.gave_up` is called then."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                self._ask()
                status = 200
            except httpx.TimeoutException:
                server.gave_up()
                status = 504
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def _ask(self) -> None:
            httpx.post(
                f"{openai.base_url}/responses",
                json={"model": "gpt-5.4-mini", "input": self.path},
                headers={"authorization": "Bearer sk-canary"},
                timeout=PATIENCE,
            )

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.gave_up = lambda: None
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def session(app, openai):
    bucket = SimpleNamespace(
        requests=[], bucket="b", endpoint_url="http://127.0.0.1:1", objects=lambda wanted: []
    )
    sandbox = SimpleNamespace(
        root=Path("/work"), socket=lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    )
    url = f"http://127.0.0.1:{app.server_address[1]}"
    session = Session(url, openai, bucket, "sk-canary", {}, sandbox)
    yield session
    session.close()


def test_a_request_is_sent_again_when_the_app_gave_up_on_a_slow_stand_in(app, openai, session):
    openai.pace(first=1.5)
    app.gave_up = openai.pace
    assert session.send("generate", Request("GET", "/a")).status == 200
    assert [exchange.withheld for exchange in session.exchanges] == [STAND_IN_WAS_SLOW, ""]


def test_a_stand_in_that_stays_slow_is_the_grader_s_trouble(openai, session):
    openai.pace(first=1.0)
    exchange = session.send("generate", Request("GET", "/a"))
    assert (exchange.status, exchange.withheld) == (504, STAND_IN_WAS_SLOW)


def test_a_failure_that_was_asked_for_is_the_app_s(openai, session):
    with session.openai_fails(effect="hang", seconds=3):
        exchange = session.send("generate", Request("GET", "/a"))
    assert (exchange.status, exchange.withheld) == (504, "")


def test_a_call_journaled_after_the_next_request_belongs_to_the_exchange_that_made_it():
    journal: list[Call] = []
    openai = SimpleNamespace(calls=journal)
    bucket = SimpleNamespace(requests=[], bucket="b", objects=lambda wanted: [])
    arrivals = Arrivals(openai, bucket, CanarySearch("sk-canary"), Blobs())
    earlier, later = (exchange(name) for name in ("ex-1", "ex-2"))
    arrivals.note_sent(earlier, at=10.0)
    arrivals.gather(earlier)
    arrivals.note_sent(later, at=20.0)
    journal += [call("call-1", at=21.0), call("call-2", at=11.0)]
    arrivals.gather(later)
    assert [each.id for each in arrivals.calls_of(earlier)] == ["call-2"]
    assert [each.id for each in arrivals.calls_of(later)] == ["call-1"]


def test_what_lay_there_before_is_not_what_a_put_under_the_same_name_stores():
    stored = [StoredObject("b", "a.txt", "text/plain", b"first", stored_at=1.0)]
    put = S3Request("PUT", "b", "a.txt", "text/plain", None)
    bucket = SimpleNamespace(requests=[put], bucket="b", objects=lambda wanted: list(stored))
    arrivals = Arrivals(SimpleNamespace(calls=[]), bucket, CanarySearch("sk-canary"), Blobs())
    arrivals.gather(exchange("ex-1"))
    bucket.requests.append(put)
    arrivals.gather(exchange("ex-2"))  # the put has come, and is not carried out yet
    stored[:] = [StoredObject("b", "a.txt", "text/plain", b"second", stored_at=2.0)]
    arrivals.gather(exchange("ex-3"))
    assert [(one.exchange, one.size) for one in arrivals.objects] == [("ex-1", 5), ("ex-2", 6)]


def exchange(name: str) -> Exchange:
    return Exchange(id=name, purpose="x", method="GET", url="/", request_body="", seconds=0.1, place="/")


def call(name: str, at: float) -> Call:
    return Call(
        id=name,
        method="POST",
        path="/v1/responses",
        route="responses",
        key=None,
        organization=None,
        project=None,
        body={},
        status=200,
        error_code=None,
        outputs=(),
        retry_count=0,
        fault=None,
        at=at,
    )

"""What an app may answer over HTTP: whatever it sends, the exchange ends in time, within memory, and is the app's."""

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from classroom.standin.records.handling import Handling
from grader.collect.exchange import transmission
from grader.collect.exchange.job_addresses import pointers
from grader.collect.exchange.requests import Request
from grader.collect.exchange.session import Session
from grader.evidence import MAX_BLOB, Exchange
from grader.jobs import state_of

SECONDS = 1.5
OK = b"HTTP/1.1 200 OK\r\n"


def bomb(layers: int, size: int = 40 * 1024 * 1024) -> bytes:
    content = bytes(size)
    for _ in range(layers):
        content = gzip.compress(content, 9)
    return content


class App:
    """A listener that answers every request with the same pieces, and goes on sending as long as they last."""

    def __init__(self, pieces, wait: float = 0.0) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.pieces, self.wait, self.seen = pieces, wait, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                self.seen.append(connection.recv(65536))
                for piece in self.pieces() if callable(self.pieces) else self.pieces:
                    connection.sendall(piece)
                    time.sleep(self.wait)
            except OSError:
                pass


@pytest.fixture
def ask(monkeypatch):
    """Sends one request to an app that answers so, and gives the exchange back."""
    monkeypatch.setattr(transmission, "ANSWER_SECONDS", SECONDS)
    apps = []

    def asked(pieces, wait: float = 0.0, target: str = "/x", body: object = None) -> Exchange:
        app = App(pieces, wait)
        apps.append(app)
        sandbox = SimpleNamespace(
            root=Path("/work"), socket=lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        )
        nothing = SimpleNamespace(
            calls=[],
            requests=[],
            bucket="b",
            endpoint_url="http://127.0.0.1:1",
            objects=lambda wanted: [],
            handling=Handling(),
        )
        session = Session(app.url, nothing, nothing, "sk-canary", {}, sandbox)
        began = time.monotonic()
        try:
            exchange = session.send("x", Request("POST", target, json=body, has_json=True))
        finally:
            session.close()
        assert time.monotonic() - began < 4 * SECONDS
        exchange.model_dump_json()
        return exchange.model_copy(update={"request_body": app.seen[0].decode("latin-1") if app.seen else ""})

    yield asked
    for app in apps:
        app.listener.close()


def endless(head: bytes, piece: bytes):
    def pieces():
        yield head
        while True:
            yield piece

    return pieces


BROKEN = {
    "nothing": [],
    "no status": [b"\r\n\r\n"],
    "the protocol of 1991": [b"<html>hello</html>"],
    "another protocol": [b"SSH-2.0-OpenSSH_9.0\r\n\r\n"],
    "a status of letters": [b"HTTP/1.1 abc OK\r\n\r\n"],
    "a status of zero": [b"HTTP/1.1 000 OK\r\n\r\n"],
    "a status below any": [b"HTTP/1.1 099 OK\r\n\r\n"],
    "half a head": [OK + b"Content-Length: 5\r\n"],
    "two lengths": [OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"],
    "no length": [OK + b"Content-Length: -5\r\n\r\nhello"],
    "a long length": [OK + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n"],
    "broken chunks": [OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"],
    "a huge chunk": [OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\nhello"],
    "two codings of transfer": [OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"],
    "too short": [OK + b"Content-Length: 50\r\n\r\nhello"],
    "a name with spaces": [OK + b"A B : c\r\nContent-Length: 0\r\n\r\n"],
    "a null byte": [OK + b"A: \x00\r\nContent-Length: 0\r\n\r\n"],
    "no gzip": [OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"],
    "no deflate": [OK + b"Content-Encoding: deflate\r\nContent-Length: 5\r\n\r\nhello"],
    "many codings": [OK + b"Content-Encoding: " + b"gzip," * 50 + b"gzip\r\nContent-Length: 1\r\n\r\nx"],
    "a flood of headers": endless(OK, b"A: b\r\n" * 1_000),
    "a header without end": endless(OK + b"A: ", b"b" * 10_000),
    "a flood of interim answers": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
    "a flood of hints": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1_000),
    "trailers without end": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n" * 1_000),
    "an endless chunk extension": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n5;a=", b"b" * 10_000),
}
SLOW = {
    "a slow status": endless(b"", b"H"),
    "a slow header": endless(OK + b"A: ", b"b"),
    "slow headers": endless(OK, b"A: b\r\n"),
    "slow interim answers": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a slow body": endless(OK + b"Content-Length: 1000000\r\n\r\n", b"b"),
    "slow chunks": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "a slow trailer": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
}


@pytest.mark.parametrize("pieces", BROKEN.values(), ids=BROKEN)
def test_what_is_no_answer_is_the_app_s_failure(ask, pieces):
    exchange = ask(pieces)
    assert exchange.status is None
    assert exchange.failure


@pytest.mark.parametrize("pieces", SLOW.values(), ids=SLOW)
def test_one_deadline_covers_the_whole_answer(ask, pieces):
    exchange = ask(pieces, wait=0.1)
    assert exchange.status is None
    assert "no answer within" in (exchange.failure or "")


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip"])
def test_a_bomb_is_unpacked_no_further_than_is_kept(ask, layers, coding):
    content = bomb(layers, 900 * 1024 * 1024 if (layers, coding) == (3, "gzip") else 40 * 1024 * 1024)
    named = ", ".join([coding] * layers).encode()
    head = OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (named, len(content))
    tracemalloc.start()
    try:
        exchange = ask([head, content])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 * MAX_BLOB
    assert exchange.body_sha256 or exchange.failure


@pytest.mark.parametrize(
    "packed",
    [zlib.compress(b"hello"), zlib.compress(b"hello")[2:-4], gzip.compress(b"hello")],
    ids=["deflate", "raw deflate", "gzip"],
)
def test_a_body_that_was_packed_unasked_is_unpacked(ask, packed):
    coding = b"gzip" if packed[:2] == b"\x1f\x8b" else b"deflate"
    exchange = ask(
        [OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding, len(packed)) + packed]
    )
    assert exchange.body == "hello"


def test_no_packing_is_asked_for(ask):
    assert "accept-encoding: identity" in ask([OK + b"Content-Length: 0\r\n\r\n"]).request_body.lower()


def test_requests_do_not_all_call_themselves_the_same(ask):
    lines = (ask([OK + b"Content-Length: 0\r\n\r\n"]).request_body.lower().splitlines() for _ in range(40))
    named = [[line for line in each if line.startswith("user-agent:")] for each in lines]
    assert {len(each) for each in named} == {1}
    assert len({each[0] for each in named}) > 1


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "🦊", "identity"])
def test_a_coding_that_python_does_not_know_is_left_as_it_is(ask, coding):
    exchange = ask([OK + b"Content-Encoding: %s\r\nContent-Length: 2\r\n\r\nhi" % coding.encode()])
    assert exchange.body == "hi"


@pytest.mark.parametrize(
    "location",
    ["/x", "http://127.0.0.1:1/x", "http://[", "//evil/x", "file:///etc/passwd", "ftp://x/", "\xff\xfe", "http://%zz:99999/",
     "http://127.0.0.1:1@evil/", "x" * 60_000, "http://xn--\u3002/"],
)  # fmt: skip
@pytest.mark.parametrize("status", [301, 307])
def test_redirects_end_and_lead_nowhere_else(ask, status, location):
    head = b"HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, location.encode("utf-8"))
    exchange = ask([head])
    assert exchange.status == status or exchange.failure


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/x",
        "https://evil/",
        "http://user@127.0.0.1/",
        "/\x00",
        "http://[",
    ],
)
def test_a_path_of_the_document_can_not_lead_to_another_server(ask, target):
    exchange = ask([OK + b"Content-Length: 0\r\n\r\n"], target=target)
    assert exchange.status is None
    assert exchange.request_body == ""


def test_an_answer_that_is_too_large_is_cut_where_nothing_more_is_kept(ask):
    head = OK + b"Content-Length: %d\r\n\r\n" % (10 * MAX_BLOB)
    exchange = ask(endless(head, bytes(1024 * 1024)))
    assert exchange.status == 200 or "no answer" in (exchange.failure or "")


def test_few_of_the_addresses_in_an_answer_are_tried():
    body = " ".join(f"/a{n}" for n in range(500)) + " http://[ http://127.0.0.1:80001/x"
    exchange = Exchange(id="ex-1", purpose="", method="GET", url="/", body=body)
    found = list(pointers("http://127.0.0.1:8000", exchange))
    assert 10 < len(found) < 50


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"words":"/cards/7/words.txt","more":[{"voice":"/cards/7/voice.mp3"}]}', ["/cards/7/words.txt", "/cards/7/voice.mp3"]),
        ("<p><img src='/file/a.png'> <a href=\"http://127.0.0.1:8000/file/b.txt\">b</a>", ["/file/a.png", "/file/b.txt"]),
        ("Kept as /made/c.txt, thank you.", ["/made/c.txt"]),
        ('{"elsewhere":"http://127.0.0.1:9000/d.txt"}', []),
    ],
)  # fmt: skip
def test_addresses_are_found_wherever_an_answer_has_them(body, found):
    exchange = Exchange(id="ex-1", purpose="", method="POST", url="/", body=body)
    assert list(pointers("http://127.0.0.1:8000", exchange)) == found


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"status":' * 50_000, '{"status": NaN}', "9" * 10_000, "\ud800"]
)
def test_a_job_s_state_is_read_within_bounds(body):
    assert state_of(body) is None

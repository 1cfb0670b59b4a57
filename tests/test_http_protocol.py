"""The bounds of what is read before a body, tried by sockets that keep to none."""

import contextlib
import http.client
import socket
import time

import pytest

from classroom.http_protocol import LONGEST_HEAD, bounded_http
from classroom.loopback import LoopbackServer

_ONE_READ = 512 * 1024  # what a server may have taken from a socket at once, before it looks


async def _count(scope, receive, send):
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-size", str(size).encode())]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def server():
    made = LoopbackServer(_count)
    made.start()
    yield made
    made.stop()


def _sent_until_refused(server, begin: bytes, part: bytes, most: int) -> tuple[int, bytes]:
    """How many bytes the server took before it closed, and its answer."""
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(begin)
        try:
            while sent < most:
                client.sendall(part)
                sent += len(part)
                time.sleep(0.001)
            answer = client.recv(4096)
        except OSError:
            answer = b""
    return sent, answer


@pytest.mark.parametrize(
    ("begin", "part"),
    [
        (b"GET / HTTP/1.1\r\nhost: a\r\nx-long: ", b"a" * 16384),
        (b"GET /", b"a" * 16384),
        (b"GET / HTTP/1.1\r\nhost: a\r\n", b"x-a: b\r\n" * 2048),
        (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-long: ", b"a" * 16384),
        (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", b"x-a: b\r\n" * 2048),
        (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1;x=", b"a" * 16384),
    ],
    ids=["a header", "the address", "headers", "a trailer", "trailers", "a chunk's extension"],
)
def test_what_comes_beside_a_body_is_bounded(server, begin, part):
    sent, answer = _sent_until_refused(server, begin, part, 8 * 1024 * 1024)
    assert sent < LONGEST_HEAD + _ONE_READ
    assert answer == b"" or b" 400 " in answer.split(b"\r\n")[0]


def test_a_head_within_the_bound_is_read(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nx-long: " + b"a" * (LONGEST_HEAD - 1024) + b"\r\n\r\n")
        assert b" 200 " in client.recv(4096).split(b"\r\n")[0]


def test_a_body_may_be_longer_than_a_head(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3000000\r\n\r\n")
        client.sendall(b"a" * 3_000_000)
        assert b"x-size: 3000000" in client.recv(4096)


def test_one_request_after_the_other_is_read_on_one_connection(server):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as client:
        for _ in range(6):
            client.request("GET", "/", headers={"x-long": "a" * 30_000})
            answer = client.getresponse()
            answer.read()
            assert answer.status == 200
            assert not answer.will_close


@pytest.mark.skipif(bounded_http() == "h11", reason="h11 reads one request at a time")
def test_requests_that_do_not_wait_for_their_answers_do_not_pile_up(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n" * 5000)
        answered = b""
        try:
            while part := client.recv(65536):
                answered += part
        except OSError:
            pass
    assert answered.count(b" 200 ") <= 32


def test_a_body_in_chunks_is_read_however_small_they_are(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        client.sendall(b"1\r\na\r\n" * 40_000 + b"0\r\n\r\n")
        assert b"x-size: 40000" in client.recv(4096)


_OFFER = (
    b"host: a\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n"
)
_LONG = b"POST / HTTP/1.1\r\n" + _OFFER + b"content-length: 7\r\n\r\n"
_CHUNKED = b"POST / HTTP/1.1\r\n" + _OFFER + b"transfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "size"),
    [
        ([_LONG + b"a kite!"], 7),
        ([_LONG, b"a kite!"], 7),
        ([_LONG + b"a ki", b"te!"], 7),
        ([_CHUNKED + b"3\r\na k\r\n", b"4\r\nite!\r\n0\r\nx-sum: 1\r\n\r\n"], 7),
        ([b"GET / HTTP/1.1\r\n" + _OFFER + b"\r\n"], 0),
    ],
)
def test_an_offer_of_http_2_is_declined_and_the_request_answered(server, parts, size):
    """Java's client makes it with each first request."""
    last = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        for part in parts:
            client.sendall(part)
            time.sleep(0.05)
        client.sendall(last)  # on the same connection
        answer = b""
        while more := client.recv(65536):
            answer += more
    assert answer.count(b"200 OK") == 2
    assert answer.index(b"x-size: %d" % size) < answer.index(b"x-size: 2")


def test_many_offers_at_once_do_not_pile_up(server):
    begin = b"GET / HTTP/1.1\r\n" + _OFFER + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(begin * 200)
        answer = b""
        with contextlib.suppress(OSError):
            while more := client.recv(65536):
                answer += more
    assert b"400 Bad Request" in answer

"""Clients that end their side of the connection, or vanish: nothing hangs, and the books agree with what the upstream did."""

import json
import socket
import struct
import time

import pytest

MODEL = "gpt-5.4-mini"


def opened(proxy, *, stream: bool) -> socket.socket:
    """A connection that has sent a request."""
    host, port = proxy.url.removeprefix("http://").split(":")
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "tell me a story"}], "stream": stream}
    body = json.dumps(asked).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer lesson/ada\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    made = socket.create_connection((host, int(port)), timeout=20)
    made.sendall(head.encode() + body)
    return made


def read_to_the_end(connection: socket.socket) -> bytes:
    """What comes until the proxy closes; a time-out is an error."""
    got = bytearray()
    while part := connection.recv(65536):
        got += part
    return bytes(got)


def settled(proxy):
    """What the learner used, when no call is open any more."""
    deadline = time.monotonic() + 20
    while True:
        standing = proxy.ledger.standing(proxy.ledger.event("lesson"), "ada")
        if not standing.reserved and proxy.openai.calls.made == standing.requests:
            return standing
        assert time.monotonic() < deadline, f"still open: {standing}"
        time.sleep(0.05)


def agree(proxy) -> bool:
    return settled(proxy).spent == round(proxy.openai.calls.cost * 10**9)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_ends_its_side_is_not_kept_waiting_and_is_charged_what_was_made(proxy, stream):
    proxy.openai.pace(first=0.2, tokens_per_second=200)
    connection = opened(proxy, stream=stream)
    deadline = time.monotonic() + 20
    while not proxy.openai.calls.made and time.monotonic() < deadline:
        time.sleep(0.02)
    connection.shutdown(socket.SHUT_WR)
    read_to_the_end(connection)
    connection.close()
    assert agree(proxy)


@pytest.mark.parametrize("abruptly", [False, True])
def test_a_client_that_vanishes_in_the_middle_of_a_stream_is_charged_what_was_made(proxy, abruptly):
    proxy.openai.pace(first=0.1, tokens_per_second=100)
    connection = opened(proxy, stream=True)
    assert connection.recv(400).startswith(b"HTTP/1.1 200")
    if abruptly:  # a reset, as from a laptop that is shut
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    assert agree(proxy)


def test_a_client_that_ends_its_side_before_its_body_is_complete_is_not_charged(proxy):
    host, port = proxy.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer lesson/ada\r\n"
            b'Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"model":'
        )
        connection.shutdown(socket.SHUT_WR)
        read_to_the_end(connection)
    assert settled(proxy).spent == 0
    assert proxy.openai.calls.made == 0

"""A conversation over a WebSocket is followed to its end."""

import socket
import threading
import time

import pytest
from websockets.sync.server import serve

from grader.collect.exchange.sockets import Broken, converse


@pytest.fixture
def talk():
    """Serves one function over WebSockets; gives a function that asks it."""
    servers = []

    def asking(handler, question="hello", seconds=5.0, **more):
        server = serve(handler, "127.0.0.1", 0)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            return converse(connection, f"ws://127.0.0.1:{port}/ws", question, {}, seconds, **more)

    yield asking
    for server in servers:
        server.shutdown()


def test_a_conversation_is_followed_to_its_end(talk):
    def handler(connection):
        assert connection.recv() == "hello"
        for part in ("a", "b", '{"type": "end"}', "after the end"):
            connection.send(part)
        connection.recv()

    assert talk(handler) == (200, b'a\nb\n{"type": "end"}')


def test_what_is_no_text_is_sent_as_json(talk):
    assert talk(lambda connection: connection.send(connection.recv()), {"line": "x"}) == (
        200,
        b'{"line": "x"}',
    )


def test_a_conversation_that_ends_in_an_error_is_a_refusal(talk):
    assert talk(lambda connection: connection.send('{"error": "no words"}'))[0] == 400
    assert talk(lambda connection: connection.close(1008, "no"))[0] == 403


def test_a_conversation_in_which_nothing_is_reported_is_not_waited_for_for_ever(talk):
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        talk(lambda connection: (connection.recv(), connection.recv()), seconds=0.5)
    assert time.monotonic() - began < 5


def test_silence_is_no_end_while_nothing_is_made(talk):
    def handler(connection):
        connection.send('{"type": "start"}')
        connection.recv()
        connection.recv()

    with pytest.raises(TimeoutError):
        talk(handler, seconds=1.0, is_made=lambda: False)
    assert talk(handler, seconds=3.0) == (200, b'{"type": "start"}')


def test_a_connection_that_is_none_is_broken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        def garbage():
            other, _ = listener.accept()
            with other:
                other.recv(1000)
                other.sendall(b"not http\r\n\r\n")

        threading.Thread(target=garbage, daemon=True).start()
        with socket.create_connection(("127.0.0.1", port)) as connection, pytest.raises(Broken):
            converse(connection, f"ws://127.0.0.1:{port}/", "x", {}, 2.0)

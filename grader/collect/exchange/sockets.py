"""A conversation over a WebSocket, as one question and its answer."""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException
from websockets.sync.client import connect

from grader import reading
from grader.jobs import state_of

_MOST_MESSAGES, _LARGEST = 2_000, 8 * 1024 * 1024  # of one conversation, and bytes of one message
_IDLE = 0.7  # seconds without a message after which an answer that has begun is over
_ENDS = frozenset({"end", "done", "complete", "completed", "finished", "final", "stop", "eos"})
_OF_A_REFUSAL = {1002: 400, 1003: 415, 1007: 400, 1008: 403, 1009: 413, 1011: 500, 1012: 503, 1013: 503}


class Broken(Exception):
    """No conversation came about; the message says why."""


def converse(
    connection: socket.socket,
    url: str,
    question: Any,
    headers: Mapping[str, str],
    seconds: float,
    is_made: Callable[[], bool] = lambda: True,
    heard: bytearray | None = None,
) -> tuple[int, bytes]:
    """Ask one thing and read what comes, until it ends or nothing comes any more.

    Args:
        connection: a socket that is connected to the app.
        url: begins with `ws://`.
        question: a text is sent as it is, anything else as JSON.
        headers: of the handshake.
        seconds: for all of it.
        is_made: whether what was asked for is made by now: only then silence after some messages is an end.
        heard: gets what the app sent, the headers of its handshake included.

    Returns:
        A status as HTTP would have it, and the messages, one a line.

    Raises:
        Broken: the handshake failed otherwise than by an HTTP status.
        TimeoutError: nothing came in time.
    """
    deadline = time.monotonic() + seconds
    heard = bytearray() if heard is None else heard
    try:
        with connect(
            url,
            sock=connection,
            proxy=None,
            compression=None,
            additional_headers=dict(headers),
            open_timeout=seconds,
            close_timeout=0.5,
            max_size=_LARGEST,
        ) as talk:
            heard += _headers_of(talk.response)
            with contextlib.suppress(ConnectionClosed):  # what it sent before is still to be read
                talk.send(question if isinstance(question, str) else json.dumps(question))
            return _heard(talk, deadline, is_made, heard)
    except InvalidHandshake as error:
        response = getattr(error, "response", None)
        if response is None:
            raise Broken(type(error).__name__) from error
        heard += _headers_of(response)
        return response.status_code, bytes(response.body or b"")
    except TimeoutError:
        raise
    except (WebSocketException, OSError, ValueError) as error:
        raise Broken(type(error).__name__) from error


def _headers_of(response: Any) -> bytes:
    return str(response.headers).encode("utf-8", "replace") if response is not None else b""


def _heard(talk: Any, deadline: float, is_made: Callable[[], bool], heard: bytearray) -> tuple[int, bytes]:
    lines: list[bytes] = []
    total, status = 0, 200
    while len(lines) < _MOST_MESSAGES and total <= _LARGEST:
        left = deadline - time.monotonic()
        try:
            message = talk.recv(timeout=max(0.01, left if not lines else min(left, _IDLE)))
        except TimeoutError:
            if lines and is_made():
                break
            if not lines or time.monotonic() >= deadline:
                raise
            continue
        except ConnectionClosed as closed:
            status = _status(closed, 200 if lines else 500)
            break
        line = message.encode() if isinstance(message, str) else message
        lines.append(line)
        total += len(line)
        heard += line
        if state_of(_text(line)) == "failed":
            return 400, line
        if _is_end(line):
            break
    return status, b"\n".join(lines)


def _status(closed: ConnectionClosed, otherwise: int) -> int:
    """The status that HTTP would have for the way in which the app closed the connection (RFC 6455, section 7.4.1)."""
    return _OF_A_REFUSAL.get(closed.rcvd.code if closed.rcvd else 1011, otherwise)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _is_end(line: bytes) -> bool:
    """Whether a message says that it is the last."""
    text = _text(line).strip()
    if text.strip("[]").casefold() in _ENDS:
        return True
    try:
        value = reading.parse_json(text)
    except reading.Unreadable:
        return False
    named = (
        [value.get(name) for name in ("type", "event", "status", "state", "done")]
        if isinstance(value, dict)
        else []
    )
    return any(each is True or (isinstance(each, str) and each.casefold() in _ENDS) for each in named)

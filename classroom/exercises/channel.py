"""Messages between a check and a kernel: four bytes of length, then a JSON object."""

import json
import socket
import struct
import time
from typing import Any

_LENGTH = struct.Struct("!I")
MOST_BYTES = 16 * 1024 * 1024


class ChannelError(Exception):
    """The other side is gone, too slow, or sent no message."""


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send one message.

    Raises:
        ChannelError: the other side is gone, or the message is too long.
    """
    content = json.dumps(message).encode()
    if len(content) > MOST_BYTES:
        raise ChannelError(f"a message of {len(content)} bytes")
    try:
        connection.sendall(_LENGTH.pack(len(content)) + content)
    except OSError as error:
        raise ChannelError(str(error)) from error


def receive(connection: socket.socket, deadline: float | None = None) -> dict[str, Any]:
    """Wait for one message, until `deadline` on the clock that only grows.

    Raises:
        ChannelError: the other side is gone, too slow, or sent no JSON object.
    """
    (size,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, deadline))
    if size > MOST_BYTES:
        raise ChannelError(f"a message of {size} bytes")
    try:
        message = json.loads(_exactly(connection, size, deadline))
    except (ValueError, RecursionError) as error:
        raise ChannelError("no JSON") from error
    if not isinstance(message, dict):
        raise ChannelError("no JSON object")
    return message


def _exactly(connection: socket.socket, size: int, deadline: float | None) -> bytes:
    content = bytearray()
    while len(content) < size:
        try:
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError("it took too long")
                connection.settimeout(left)
            part = connection.recv(min(size - len(content), 1 << 16))
        except OSError as error:
            raise ChannelError(str(error)) from error
        if not part:
            raise ChannelError("closed")
        content += part
    return bytes(content)

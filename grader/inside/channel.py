"""Messages between a learner's test run and the grader: JSON over Unix sockets, one connection for each process.

A run holds one end of a shared socket, on which every process only announces itself: one byte with a connection of its own
beside it (SCM_RIGHTS). Processes that fork can thus never read each other's answers. What this module needs is bound when
it is loaded, and written in C where Python is CPython: a suite that replaces parts of `socket` or `json`, or methods of
their classes, is on no message's way.
"""

import _socket
import array
import json
import struct
from _thread import allocate_lock
from collections.abc import Callable
from os import close, getpid
from typing import Any

MOST_BYTES = 64 * 1024  # of one message
_HEAD = struct.Struct("!I")
_HELLO = b"+"
_decoder: Any = json.JSONDecoder()
_scan = _decoder.scan_once  # beneath `decode`, whose steps are methods that can be replaced
_FILE_SIZE = array.array("i").itemsize


def _encoder() -> Callable[[dict[str, Any]], str]:
    """What writes a message as JSON: the encoder in C itself, without the methods of `JSONEncoder` around it."""
    usual = json.JSONEncoder()
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # another Python than CPython
        return usual.encode
    chunks = make(
        None, usual.default, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True
    )
    return lambda message: "".join(chunks(message, 0))


_encode = _encoder()


def _decode(text: str) -> Any:
    """Raises ValueError if a text is no JSON."""
    try:
        value, end = _scan(text, 0)
    except StopIteration as error:
        raise ValueError("no JSON") from error
    if end != len(text):
        raise ValueError("more than one value")
    return value


def pack(message: dict[str, Any]) -> bytes:
    """One message as bytes: four of length (big-endian), then JSON."""
    content = _encode(message).encode()
    return _HEAD.pack(len(content)) + content


def take_message(buffer: bytearray) -> dict[str, Any] | None:
    """Take the first message off a buffer; None while it is not whole.

    Raises:
        ValueError: what is there can't be a message.
    """
    if len(buffer) < _HEAD.size:
        return None
    size = _HEAD.unpack_from(buffer)[0]
    if size > MOST_BYTES:
        raise ValueError(f"a message of {size} bytes")
    if len(buffer) < _HEAD.size + size:
        return None
    content = bytes(buffer[_HEAD.size : _HEAD.size + size])
    del buffer[: _HEAD.size + size]
    try:
        message = _decode(content.decode())
    except RecursionError as error:
        raise ValueError("a message too deep") from error
    if not isinstance(message, dict):
        raise ValueError("no JSON object")
    return message


def with_file(message: bytes, file: int) -> tuple[list[bytes], list[tuple[int, int, Any]]]:
    """The arguments of `sendmsg` for a message with an open file beside it."""
    return [message], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [file]))]


def files_of(beside: list[tuple[int, int, bytes]]) -> list[int]:
    """The open files that came beside a message, from what `recvmsg` returned."""
    files = array.array("i")
    for level, kind, content in beside:
        if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
            files.frombytes(content[: len(content) - len(content) % _FILE_SIZE])
    return list(files)


class HungUpError(Exception):
    """The grader does not listen any more."""


class Line:
    """A process's line to the grader. A process that forked from the one that opened it gets a connection of its own.

    Args:
        shared: the number of the run's shared socket.
    """

    def __init__(self, shared: int) -> None:
        self._shared = shared
        self._owner = 0
        self._own: Any = None
        self._buffer = bytearray()
        self._lock = allocate_lock()

    def move(self, shared: int) -> None:
        """Belong to another run from now on."""
        close(self._shared)
        self._shared, self._owner, self._own = shared, 0, None

    def _connection(self) -> Any:
        if self._owner != getpid():
            self._lock, self._buffer = allocate_lock(), bytearray()
            ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
            shared = _socket.socket(fileno=self._shared)
            try:
                shared.sendmsg(*with_file(_HELLO, theirs.fileno()))
            finally:
                shared.detach()
                theirs.close()
            self._own, self._owner = ours, getpid()
        return self._own

    def tell(self, message: dict[str, Any]) -> None:
        """Say something that needs no answer.

        Raises:
            HungUpError: nobody listens.
        """
        try:
            connection = self._connection()
            with self._lock:
                connection.sendall(pack(message))
        except OSError as error:
            raise HungUpError("the grader has hung up") from error

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Say something and wait for the answer.

        Raises:
            HungUpError: nobody answers.
        """
        try:
            connection = self._connection()
            with self._lock:
                connection.sendall(pack(message))
                return self._heard(connection)[0]
        except (OSError, ValueError) as error:
            raise HungUpError("the grader has hung up") from error

    def hear(self) -> tuple[dict[str, Any], list[int]]:
        """Wait for a message of the grader's, and the open files beside it.

        Raises:
            HungUpError: there will be none.
        """
        try:
            return self._heard(self._connection())
        except (OSError, ValueError) as error:
            raise HungUpError("the grader has hung up") from error

    def _heard(self, connection: Any) -> tuple[dict[str, Any], list[int]]:
        files: list[int] = []
        while True:
            message = take_message(self._buffer)
            if message is not None:
                return message, files
            part, beside, _, _ = connection.recvmsg(MOST_BYTES, _socket.CMSG_SPACE(_FILE_SIZE))
            if not part:
                raise OSError("closed")
            files += files_of(beside)
            self._buffer += part

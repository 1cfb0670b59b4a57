"""Messages between the grader and its agent in a sandbox: JSON over a Unix socket, open files beside it.

One message is four bytes of length (big-endian), then that many bytes of a JSON object; the files travel with the
length (SCM_RIGHTS).
"""

import json
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

_LENGTH = struct.Struct("!I")
_MOST_FILES = 64
_MOST_BYTES = 16 * 1024 * 1024
MOST_FOLDERS = 100  # above a file of a submission


class WireError(Exception):
    """The other side is gone, or sent what can't be a message."""


class Trouble(WireError):
    """A stream of files ended with a sentence that says what was wrong with them."""


def send(control: socket.socket, message: dict[str, Any], files: Sequence[int] = ()) -> None:
    """Send one message; the files stay open here.

    Raises:
        WireError: the other side is gone.
    """
    content = json.dumps(message).encode()
    try:
        socket.send_fds(control, [_LENGTH.pack(len(content))], list(files))
        control.sendall(content)
    except OSError as error:
        raise WireError(str(error)) from error


def receive(control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Wait for one message and the files that came with it.

    Raises:
        WireError: the other side is gone, or sent no message.
    """
    content, files = receive_content(control, _MOST_BYTES)
    try:
        message = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise WireError(str(error)) from error
    if not isinstance(message, dict):
        raise WireError("no JSON object")
    return message, files


def receive_content(control: socket.socket, most: int) -> tuple[bytes, list[int]]:
    """Wait for the content of one message, of at most so many bytes, and the files that came with it.

    Raises:
        WireError: the other side is gone, or sent more.
    """
    try:
        head, files, _, _ = socket.recv_fds(control, _LENGTH.size, _MOST_FILES)
        while 0 < len(head) < _LENGTH.size:
            head += _some(control, _LENGTH.size - len(head))
        if not head:
            raise WireError("closed")
        size = _LENGTH.unpack(head)[0]
        if size > most:
            raise WireError(f"a message of {size} bytes")
        content = bytearray()
        while len(content) < size:
            content += _some(control, size - len(content))
    except OSError as error:
        raise WireError(str(error)) from error
    return bytes(content), files


def _some(control: socket.socket, most: int) -> bytes:
    part = control.recv(min(most, 1 << 16))
    if not part:
        raise WireError("closed")
    return part


def write_file(out: BinaryIO, name: str, content: bytes) -> None:
    """Put one file into a stream of files: a line of JSON with its name and size, then its bytes."""
    out.write(json.dumps({"name": name, "size": len(content)}).encode() + b"\n")
    out.write(content)


def end_files(out: BinaryIO, trouble: str | None = None) -> None:
    """Close a stream of files, saying why if it is not whole."""
    out.write(json.dumps({"end": True, "trouble": trouble}).encode() + b"\n")


def read_files(source: BinaryIO, most_files: int, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """The files of a stream, names and contents.

    Raises:
        Trouble: it ends with a sentence that says what was wrong.
        WireError: it is cut off, or is larger than allowed.
    """
    count = size = 0
    while True:
        name, length, trouble = _head(source)
        if name is None:
            if trouble:
                raise Trouble(trouble)
            return
        count, size = count + 1, size + length
        if count > most_files or size > most_bytes:
            raise WireError("there are more files than allowed")
        content = source.read(length)
        if len(content) != length:
            raise WireError("the files were cut off")
        yield name, content


def _head(source: BinaryIO) -> tuple[str | None, int, str]:
    """The line before a file: its name, None at the end; its size; at the end, what went wrong."""
    try:
        head = json.loads(source.readline(64 * 1024))
        if head.get("end"):
            return None, 0, str(head["trouble"] or "")[:2000]
        name, length = head["name"], head["size"]
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        raise WireError("the files were cut off") from error
    if not isinstance(name, str) or type(length) is not int or length < 0:
        raise WireError("the files were cut off")
    return name, length, ""


def put_file(root: str, name: str, content: bytes) -> None:
    """Write one file of a stream below a folder.

    Raises:
        WireError: the name leads elsewhere.
    """
    parts = name.split("/")
    if name.startswith("/") or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise WireError(f"the name of a file leads elsewhere: {name!r}")
    if len(parts) > MOST_FOLDERS:
        raise WireError(f"a file lies more than {MOST_FOLDERS} folders deep")
    try:
        name.encode()  # a file system takes bytes that are no text
    except UnicodeEncodeError as error:
        raise WireError(f"the name of a file is not valid text: {name!a}") from error
    path = os.path.join(root, *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as file:
        file.write(content)

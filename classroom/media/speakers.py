"""Has texts spoken by processes of `speaker.py`: on Linux, forked from one that has loaded the library; elsewhere, one after the other.

Starting Python for each text takes four times as long as a short text does.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_SPEAKER = Path(__file__).with_name("speaker.py")
_SECONDS = 60
_CHUNK = 1 << 16


class SpeechError(Exception):
    """The speech library could not be used on this machine."""


@dataclass(frozen=True)
class _Server:
    """A process that forks one for each text; it ends when `control` is closed, and that is with this process."""

    process: subprocess.Popen[bytes]
    control: socket.socket


def samples(order: Mapping[str, Any]) -> bytes:
    """16-bit mono samples.

    Args:
        order: what `speaker.say` takes.

    Raises:
        SpeechError: they can't be had on this machine.
    """
    if sys.platform == "linux":
        answer = _forked(order)
        if answer[:1] == b"+":
            return answer[1:]
        _server.cache_clear()  # what failed there may be the server's trouble: the long way tells
    return _alone(order)


@lru_cache(maxsize=1)
def _server(process: int, library: str) -> _Server:
    """Of this process, whose number is given: one that is forked from it starts its own."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        command = [sys.executable, "-I", "-S", str(_SPEAKER), str(theirs.fileno()), library]
        started = subprocess.Popen(  # noqa: S603 - our own script
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    return _Server(started, ours)


def _forked(order: Mapping[str, Any]) -> bytes:
    """What a process that was forked for this text answers; empty if there is none."""
    try:
        server = _server(os.getpid(), order["library"])
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours:
            with theirs:
                socket.send_fds(server.control, [b"."], [theirs.fileno()])
            ours.settimeout(_SECONDS)
            ours.sendall(json.dumps(dict(order)).encode())
            ours.shutdown(socket.SHUT_WR)
            answer = bytearray()
            while part := ours.recv(_CHUNK):
                answer += part
            return bytes(answer)
    except OSError:
        return b""


def _alone(order: Mapping[str, Any]) -> bytes:
    """From a fresh interpreter."""
    command = [sys.executable, "-I", "-S", str(_SPEAKER)]
    try:
        done = subprocess.run(  # noqa: S603 - our own script
            command, input=json.dumps(dict(order)).encode(), capture_output=True, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SpeechError(f"the speech process could not be run: {error}") from error
    if done.returncode:
        raise SpeechError(f"the speech process failed: {done.stderr.decode(errors='replace')[-300:]}")
    return done.stdout

"""Secrets that kernels know, kept in the memory of the Jupyter server alone, for as long as it runs.

A kernel reports them over a local channel that both ends open with a word from the environment: neither sends anything
before the other has proved that it knows the word. Nothing is written to a disk.
"""

import os
import secrets
from collections import OrderedDict
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener
from threading import Lock, Thread
from time import sleep

from classroom.redaction.shapes import SHORTEST, is_worth_hiding, says_secret

CHANNEL = "LAB_REDACTION"  # the variable of the channel's address and word
_MOST = 500
_LONGEST = 8192
_PATIENCE = 2.0  # seconds that a kernel waits for the server
_AFTER_A_STRANGER = 0.1  # seconds


class Known:
    """The secrets that were reported, the last ones first to stay."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def add(self, value: str) -> None:
        """Remember a secret; what is too short or too long to be one is left."""
        if SHORTEST <= len(value) <= _LONGEST:
            with self._lock:
                self._values[value] = None
                self._values.move_to_end(value)
                while len(self._values) > _MOST:
                    self._values.popitem(last=False)

    def all(self) -> frozenset[str]:
        """Those, and the secrets of this process' own environment."""
        with self._lock:
            return frozenset(self._values) | of_environment()


def of_environment() -> frozenset[str]:
    """The values of environment variables whose names say that they are secret."""
    return frozenset(
        value for name, value in os.environ.items() if says_secret(name) and is_worth_hiding(value)
    )


def listen(known: Known) -> None:
    """Take reports from kernels that are started from now on; returns at once.

    Raises:
        OSError: no channel can be opened.
    """
    word = secrets.token_hex(32)
    try:
        listener = Listener(
            authkey=word.encode()
        )  # a place that only this user may enter, where the system has such
    except OSError:
        listener = Listener(("127.0.0.1", 0), authkey=word.encode())
    os.environ[CHANNEL] = f"{_written(listener.address)} {word}"
    Thread(target=_serve, args=(listener, known), name="redaction", daemon=True).start()


def _written(address: object) -> str:
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)


def _serve(listener: Listener, known: Known) -> None:
    while True:
        with suppress(Exception):  # of somebody who doesn't know the word; the next one may
            connection = listener.accept()
            Thread(target=_take, args=(connection, known), daemon=True).start()
            continue
        sleep(_AFTER_A_STRANGER)


def _take(connection: "Connection[bytes, bytes]", known: Known) -> None:
    with connection:
        while True:
            try:
                value = connection.recv_bytes(_LONGEST * 4).decode("utf-8")
            except (EOFError, OSError, ValueError):
                return
            known.add(value)
            connection.send_bytes(b"taken")


class Reporter:
    """The end of the channel that is in a kernel; without a channel it does nothing."""

    def __init__(self) -> None:
        self._sent: set[str] = set()
        self._connection: Connection[bytes, bytes] | None = None
        self._lock = Lock()

    def report(self, value: str) -> None:
        """Tell the server of a secret, once; returns when the server knows it."""
        with self._lock:
            if value in self._sent or not SHORTEST <= len(value) <= _LONGEST:
                return
            try:
                if self._connection is None:
                    self._connection = _connect()
                if self._connection is not None:
                    self._connection.send_bytes(value.encode("utf-8", "replace"))
                    if self._connection.poll(_PATIENCE):
                        self._connection.recv_bytes(16)
                        self._sent.add(value)
            except (OSError, EOFError):
                self._connection = None


def _connect() -> "Connection[bytes, bytes] | None":
    address, _, word = os.environ.get(CHANNEL, "").rpartition(" ")
    if not address:
        return None
    host, _, port = address.rpartition(":")
    place: str | tuple[str, int] = (host, int(port)) if host and port.isdigit() else address
    try:
        return Client(place, authkey=word.encode())
    except Exception:  # nobody there, or somebody who doesn't know the word
        return None

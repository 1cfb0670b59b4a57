"""The grader's end of the sockets to a learner's test run: answers its questions and gives it orders.

One thread reads everything, without ever waiting for one connection alone: a sender of half a message, or of too many,
hurts only its own run.
"""

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from grader.collect.suites.deciding import Decider
from grader.inside import channel
from grader.inside.faults import other_words

_MOST_CONNECTIONS = 128  # of one run
_MOST_ANNOUNCED = 64
_MOST_OPEN = 256  # calls of one process that are being decided
_LOOK_SECONDS = 0.25  # between two looks whether the job still runs
_SHORT_LOOK_SECONDS = 0.01  # the same, once it has hung up
_GRACE_SECONDS = 10.0  # for the copy to say how a run ended, beyond the time that it gives the run


_SUITE, _RUNNER = (
    "suite",
    "runner",
)  # whose connection it is: the suite's as it is, or of the runs that follow


class _Connection:
    """One process of the learner's, seen from here."""

    def __init__(self, line: socket.socket, of: str) -> None:
        self.line = line
        self.of = of
        self.buffer = bytearray()
        self.turns: dict[int, list[dict[str, Any]]] = {}  # of each call that is being decided


class Desk:
    """Where the processes of one suite ask. Leaving the context hangs up.

    Args:
        decider: answers while the suite runs as it is.
    """

    def __init__(self, decider: Decider) -> None:
        self._suite = self._current = decider
        self._selector = selectors.DefaultSelector()
        self._connections: dict[socket.socket, _Connection] = {}
        self._shared: dict[socket.socket, str] = {}
        self._copy: _Connection | None = None  # starts processes
        self._runner: _Connection | None = None  # runs tests
        self._ended: list[int | None] = []
        self._ran: list[int | None] = []
        self.collected_at: float | None = None
        self.counted_at: float | None = None  # when the suite's own counts came

    def __enter__(self) -> Self:
        ours, self._far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._share(ours, _SUITE)
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self._far.close()
        self._selector.close()

    @property
    def far(self) -> int:
        """The number of the end that goes to the suite's process."""
        return self._far.fileno()

    def hang_up(self) -> None:
        """End every connection: the copy of the suite's process ends by that, too."""
        for line in [*self._connections, *self._shared]:
            self._drop(line)
        self._copy = self._runner = None

    def hear_suite(self, still_runs: Callable[[], bool], seconds: float) -> bool:
        """Listen while the suite runs as it is; whether it ended in time, by its own word or with its process."""
        self._far.close()
        deadline = time.monotonic() + seconds
        while self.counted_at is None:
            if time.monotonic() > deadline:
                return False
            if not still_runs():
                self._listen(0.0)
                return True
            self._listen(_LOOK_SECONDS)
        return True

    def give_order(self, tests: Sequence[str], still_runs: Callable[[], bool], deadline: float) -> bool:
        """Name the tests to a suite's process that runs nothing else; whether it was there in time to hear it."""
        self._far.close()
        while self._copy is None:
            if time.monotonic() > deadline or not still_runs():
                return False
            self._listen(_LOOK_SECONDS)
        try:
            self._send(self._copy, channel.pack({"tests": list(tests), "last": True}))
        except OSError:
            return False
        return True

    def hear_end(self, exit_code: Callable[[], int | None], deadline: float) -> int | None:
        """Answer until that process has ended; its exit code, None if it takes too long."""
        while (code := exit_code()) is None and time.monotonic() <= deadline:
            self._listen(_LOOK_SECONDS if self._connections else _SHORT_LOOK_SECONDS)
        return code

    def run(self, tests: list[str], decider: Decider, seconds: float, *, alone: bool) -> bool:
        """Have tests run again; whether they pass, in time.

        Args:
            tests: their names, in order.
            decider: answers for them.
            seconds: how long they may take.
            alone: in a process of their own, whose exit code answers; else in one that goes on to the next run, and says.

        Raises:
            HungUpError: the copy of the suite's process, which starts such processes, is not there.
        """
        if alone or self._runner is None:
            self._start(wait=seconds if alone else None, seconds=seconds)
        assert self._runner is not None
        runner, self._current = self._runner, decider
        deadline = time.monotonic() + seconds + (_GRACE_SECONDS if alone else 0.0)
        self._ended, self._ran = [], []
        try:
            self._send(runner, channel.pack({"tests": tests, "last": alone}))
            while not (self._ended if alone else self._ran):
                self._listen(_LOOK_SECONDS)
                self._need_copy()
                gone = self._runner is None and not alone
                if gone or time.monotonic() > deadline:
                    self._end_runner()
                    return False
            return (self._ended if alone else self._ran)[0] == 0
        except OSError:
            self._end_runner()
            return False
        finally:
            if alone:
                self._end_runner()

    def _start(self, wait: float | None, seconds: float) -> None:
        """Have a process started for runs to come."""
        deadline = time.monotonic() + seconds + _GRACE_SECONDS
        self._end_runner()
        self._far.close()
        while self._copy is None and time.monotonic() < deadline:
            self._listen(_LOOK_SECONDS)
        self._need_copy()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._share(ours, _RUNNER)
        try:
            assert self._copy is not None
            self._send(self._copy, channel.pack({"wait": wait}), theirs.fileno())
        except OSError as error:
            raise HungUpError(_GONE) from error
        finally:
            theirs.close()
        while self._runner is None:
            self._listen(_LOOK_SECONDS)
            self._need_copy()
            if time.monotonic() > deadline:
                raise HungUpError(_GONE)

    def _need_copy(self) -> None:
        if self._copy is None:
            raise HungUpError(_GONE)

    def _end_runner(self) -> None:
        """Forget the process for runs; the copy ends it when it is asked for the next."""
        self._runner = None
        of_runner = [line for line, each in self._connections.items() if each.of == _RUNNER]
        for line in [*of_runner, *(line for line, of in self._shared.items() if of == _RUNNER)]:
            self._drop(line)

    # --- reading ----------------------------------------------------------------------------------------------

    def _share(self, line: socket.socket, of: str) -> None:
        line.setblocking(False)
        self._shared[line] = of
        self._selector.register(line, selectors.EVENT_READ)

    def _drop(self, line: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(line)
        dropped = self._connections.pop(line, None)
        self._shared.pop(line, None)
        if dropped is not None and dropped is self._copy:
            self._copy = None
        if dropped is not None and dropped is self._runner:
            self._runner = None
        line.close()

    def _listen(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            line: Any = key.fileobj
            try:
                if line in self._shared:
                    self._take_announced(line)
                elif line in self._connections:
                    self._read(self._connections[line])
            except (OSError, ValueError, LookupError, TypeError, RecursionError):
                self._drop(line)

    def _take_announced(self, line: socket.socket) -> None:
        content, files, _, _ = socket.recv_fds(line, _MOST_ANNOUNCED, _MOST_ANNOUNCED)
        of = self._shared[line]
        for file in files:
            crowd = sum(each.of == of for each in self._connections.values())
            if crowd >= _MOST_CONNECTIONS:
                os.close(file)
                continue
            connection = _socket_of(file)
            if connection is not None:
                self._connections[connection] = _Connection(connection, of)
                self._selector.register(connection, selectors.EVENT_READ)
        if not content:
            raise OSError("closed")

    def _read(self, connection: _Connection) -> None:
        part = connection.line.recv(channel.MOST_BYTES)
        if not part:
            raise OSError("closed")
        connection.buffer += part
        while (message := channel.take_message(connection.buffer)) is not None:
            self._hear(connection, message)

    def _hear(self, connection: _Connection, message: dict[str, Any]) -> None:
        is_suite = connection.of == _SUITE
        decider = self._suite if is_suite else self._current
        if "at" in message:
            self._turn(connection, decider, message)
        elif "ready" in message:
            if is_suite:
                self._copy = self._copy or connection
            else:
                self._runner = self._runner or connection
        elif connection is self._copy and "ended" in message:
            self._ended.append(_code(message["ended"]))
        elif connection is self._runner and "ran" in message:
            self._ran.append(_code(message["ran"]))
        elif is_suite and "collected" in message:
            self.collected_at = self.collected_at or time.monotonic()
        else:
            decider.note(message)
            if is_suite and "counts" in message:
                self.counted_at = self.counted_at or time.monotonic()

    def _turn(self, connection: _Connection, decider: Decider, message: dict[str, Any]) -> None:
        """One turn of a call, known by its number: threads of one process have theirs decided side by side.

        Raises:
            LookupError: more turns are asked for than there are.
            ValueError: more calls are begun than any suite makes at once.
        """
        number, open_calls = message.get("number"), connection.turns
        if type(number) is not int:
            raise ValueError("a call without a number")
        if message.get("go") != "on":
            if len(open_calls) >= _MOST_OPEN:
                raise ValueError("too many calls at once")
            open_calls[number] = decider.turns(message)
        call = open_calls[number].pop(0)
        more = bool(open_calls[number])
        if not more:
            del open_calls[number]
        self._send(connection, channel.pack({"call": call, "again": more, "words": other_words()}))

    def _send(self, connection: _Connection, content: bytes, file: int | None = None) -> None:
        """Raises OSError if the other side does not read."""
        if file is None:
            connection.line.sendall(content)
        else:
            socket.send_fds(connection.line, [content], [file])


class HungUpError(Exception):
    """The learner's side can't run tests again any more; the message is for people."""


_GONE = "the process that runs the tests again has ended"


def _code(value: Any) -> int | None:
    return value if type(value) is int else None


def _socket_of(file: int) -> socket.socket | None:
    """A socket that was handed over; None if it is another kind of file."""
    try:
        made = socket.socket(fileno=file)
    except OSError:
        os.close(file)
        return None
    made.setblocking(False)
    return made

"""A worker that stays: its sandbox is created once and forked for every submission."""

import queue
import tempfile
import threading
from collections.abc import Iterator
from typing import BinaryIO

from grader.worker import Record, Wanted, judge_again

_POLL = 0.5  # seconds


class Reader:
    """Reads one record at a time, in a thread of its own, which the sandbox lives and dies with."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._turn = threading.Lock()
        self._asked: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self._answers: queue.Queue[tuple[Record, dict[str, bytes]]] = queue.Queue()
        self._files: dict[str, bytes] = {}
        self._thread = threading.Thread(target=self._work, daemon=True)

    def read(self, name: str, packed: bytes) -> tuple[Record, dict[str, bytes]]:
        """What a worker makes of packed evidence: the record, and the files beside it; an error if it was lost."""
        with self._turn:
            if self._thread.ident is None:
                self._thread.start()
            self._asked.put((name, packed))
            while True:
                try:
                    return self._answers.get(timeout=_POLL)
                except queue.Empty:
                    if not self._thread.is_alive() and self._answers.empty():
                        return Record(
                            state="error", lost=True, message="The worker that reads evidence ended."
                        ), {}

    def close(self) -> None:
        """End the sandbox, once what is being read is read."""
        self._asked.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    @property
    def works(self) -> bool:
        """Whether it can be asked."""
        return self._thread.ident is None or self._thread.is_alive()

    def _work(self) -> None:
        for _, record in judge_again(self._evidence(), self.wanted, self._keep, packed=True):
            files, self._files = self._files, {}
            self._answers.put((record, files))

    def _evidence(self) -> Iterator[tuple[str, BinaryIO]]:
        while (asked := self._asked.get()) is not None:
            name, packed = asked
            with tempfile.TemporaryFile() as file:
                file.write(packed)
                file.seek(0)
                yield name, file

    def _keep(self, name: str, file: str, content: bytes) -> None:
        self._files[file] = content

"""The class of a folder of results as it stands at this moment, however often it is asked for."""

import threading
from dataclasses import replace
from pathlib import Path

from grader.review import record, standing, store
from grader.review.decisions import Decisions
from grader.review.standing import Standings


class Class:
    """The class of a folder of results: what the last batch left, with what is decided now."""

    def __init__(self, results: Path, writer: store.Writer) -> None:
        self._results, self.writer = results, writer
        self._turn = threading.Lock()
        self._stamp = 0
        self._known: record.ClassRecord | None = None
        self._cached: tuple[record.ClassRecord, Standings] | None = None

    def now(self) -> Standings:
        """As it stands now. A batch that ran meanwhile counts.

        Raises:
            GraderError: the results or the decisions can't be read.
        """
        decisions = self.writer.current()
        with self._turn:
            known = self._read()
            if self._cached is None or self._cached[0] is not known or not _same(self._cached[1], decisions):
                self._cached = (known, standing.standings(known, decisions))
            elif self._cached[1].decisions is not decisions:
                self._cached = (known, replace(self._cached[1], decisions=decisions))
            return self._cached[1]

    def _read(self) -> record.ClassRecord:
        try:
            stamp = (self._results / record.FILE).stat().st_mtime_ns
        except OSError:
            stamp = 0
        if self._known is None or stamp != self._stamp:
            self._known, self._stamp = record.read(self._results), stamp
        return self._known


def _same(before: Standings, now: Decisions) -> bool:
    """Whether nothing but drafts is different."""
    was = before.decisions
    return was.decisions is now.decisions and (was.anonymous, was.salt) == (now.anonymous, now.salt)

"""What was refused, counted in memory by event and reason, and written to the books now and then: a flood is no flood of writes.

A proxy that is killed loses what it counted since it last wrote, twenty seconds at most. Money is counted elsewhere.
"""

import threading
from collections import Counter
from collections.abc import Iterable

from classroom.proxy.books.ledger import Ledger
from classroom.proxy.rules import tokens
from classroom.standin.incoming.errors import APIError

_NOT_OF_AN_EVENT = frozenset({"event_unknown", "token_missing", "token_ambiguous", "unknown_url"})
_MOST_KEYS = 10_000


class Refusals:
    """Counts them. Safe to use from several threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._counted: Counter[tuple[str, str]] = Counter()

    def note(self, headers: Iterable[tuple[bytes, bytes]], error: APIError) -> None:
        """Count a refusal of a request with these headers, if it names an event."""
        try:
            token = tokens.read(headers)
        except APIError:
            return
        self.count(token.code, error)

    def count(self, code: str, error: APIError) -> None:
        """One more of an event, if it was not the event that is unknown."""
        reason = error.code or error.type
        if reason in _NOT_OF_AN_EVENT:
            return
        with self._lock:
            if (code, reason) in self._counted or len(self._counted) < _MOST_KEYS:
                self._counted[code, reason] += 1

    def write(self) -> None:
        """Bring what was counted into the books, for events that there are."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        if not counted:
            return
        written = False
        try:
            self._ledger.accounts.add_refusals(self._rows(counted))
            written = True
        finally:
            if not written:  # the database may answer the next time
                with self._lock:
                    self._counted.update(counted)

    def _rows(self, counted: Counter[tuple[str, str]]) -> dict[tuple[str, str, str], int]:
        """Numbers by event, day and reason."""
        now = self._ledger.now()
        known = {code: self._ledger.event(code) for code in {code for code, _ in counted}}
        return {
            (code, event.day(now), reason): number
            for (code, reason), number in counted.items()
            if (event := known[code]) is not None
        }

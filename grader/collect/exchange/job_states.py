"""Whether a job has ended, whichever words an app has for its states."""

from grader.evidence import Exchange
from grader.jobs import says_done, state_of, words_of


class JobStates:
    """What the states of an app's jobs are called, learned from the jobs that were watched.

    A word that no list knows ("growing", "in Arbeit") is under way until something was stored, or until there is no more time;
    one that another replaced is under way in every job after it, and what was an end once is one again.
    """

    def __init__(self) -> None:
        self._under_way: set[tuple[str, str]] = set()
        self._ends: set[frozenset[tuple[str, str]]] = set()
        self._last: dict[str, dict[str, str]] = {}  # what each job said at the look before

    def has_ended(self, promise: Exchange, body: str, *, settled: bool, late: bool) -> bool:
        """Whether a job has ended.

        Args:
            promise: the answer that promised it.
            body: what its address says now.
            settled: whether it has stored something, or answers with an error.
            late: whether this is the last look.
        """
        said, state = words_of(body), state_of(body)
        was_seen = promise.id in self._last
        before = self._last.get(promise.id) or words_of(promise.body)
        self._last[promise.id] = said
        if state == "pending":
            return False
        is_end = state == "failed" or not said or says_done(body) or frozenset(said.items()) in self._ends
        if not is_end and said.items() & self._under_way:
            return False
        if not (is_end or settled):
            if was_seen:  # what promised it may use the same name for something else
                self._learn(before, said)
            if not late:
                return False
        if settled:
            self._learn(before, said)
        self._ends.add(frozenset(said.items()))
        return True

    def _learn(self, before: dict[str, str], now: dict[str, str]) -> None:
        """A word that another has replaced was no end."""
        self._under_way |= {
            (name, word) for name, word in before.items() if name in now and now[name] != word
        }

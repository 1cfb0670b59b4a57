"""Measures which faults a suite notices: runs its tests again, in random order, with a fault or with none.

A test notices a fault if it fails whenever the fault is planted, and passes whenever nothing is. The tests can't know which
run is which, so the only other way to come out like that is to guess. Runs are repeated until a suite that fails at random
would be believed no more often than once in `ODDS` trials.
"""

import math
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from grader.collect.suites.deciding import Planted
from grader.inside.faults import Section

ODDS = 1_000  # of one trial, or of two that it has to pass both; a suite may get two such
FIRST_ODDS = 20  # of the first of those two
_FLIPS = 5  # runs of the second, with a fault or without, as a coin falls; two attempts guess right once in (2**5 - 1) / 2
_MOST_REPEATS = 60  # runs beyond the first of each fault, however bad the odds
SCORED: tuple[Section, ...] = ("happy_path", "error_cases")

Unit = tuple[str, ...]  # the tests of one run, in order
Execute = Callable[[Unit, Planted | None], bool]  # runs them; whether one failed


class OutOfTime(Exception):
    """There is no time for another run."""


class Undecided(Exception):
    """What the suite notices can't be distinguished from chance; the message says why, for people."""


@dataclass(frozen=True)
class Answer:
    """Whether a fault was noticed, and by which unit; None, and `why`, if that could not be decided."""

    caught: bool | None
    why: str = ""
    by: Unit = ()


@dataclass
class _Batch:
    """Runs in random order. `pairs`: those with a fault; `nulls`: how often each unit runs without one."""

    pairs: list[tuple[Unit, Planted]] = field(default_factory=list)
    nulls: Counter[Unit] = field(default_factory=Counter)
    noticed: Counter[tuple[Unit, Planted]] = field(default_factory=Counter)

    def add(self, unit: Unit, planted: Planted) -> None:
        """One more run with a fault; a unit runs without one at least once."""
        self.pairs.append((unit, planted))
        self.nulls[unit] = max(self.nulls[unit], 1)

    def runs(self, random: secrets.SystemRandom) -> list[tuple[Unit, Planted | None]]:
        """All of them, shuffled; now and then one without a fault more, so that their number says nothing."""
        if self.nulls and random.random() < 0.5:
            self.nulls[random.choice(list(self.nulls))] += 1
        runs: list[tuple[Unit, Planted | None]] = [
            *self.pairs,
            *((unit, None) for unit in self.nulls.elements()),
        ]
        random.shuffle(runs)
        return runs

    def odds(self, section: Section, *, noticed_all: bool = False) -> float:
        """One in how many suites that guess which of these runs to fail come out as this one did, or would."""
        planted = Counter(unit for unit, each in self.pairs if each.fault.section == section)
        noticed: Counter[Unit] = Counter()
        for (unit, each), times in self.noticed.items():
            if each.fault.section == section:
                noticed[unit] += times
        odds = 1.0
        for unit, times in planted.items():
            seen = times if noticed_all else noticed[unit]
            odds *= math.comb(times + self.nulls[unit], seen) / math.comb(times, seen)
        return odds


class Trial:
    """The trial of one suite.

    Args:
        near: for each fault the units that come near it, the most promising first.
        execute: runs a unit; may raise OutOfTime.
        cost: how long a unit takes, in seconds: of two that would do, the quicker is repeated.
        draw: where chance comes from.
        odds: what leaves chance no room.
    """

    def __init__(
        self,
        near: Mapping[Planted, Sequence[Unit]],
        execute: Execute,
        cost: Callable[[Unit], float],
        draw: secrets.SystemRandom | None = None,
        odds: int = ODDS,
    ) -> None:
        self._near = {planted: list(units) for planted, units in near.items() if units}
        self._execute = execute
        self._cost = cost
        self._random = draw or secrets.SystemRandom()
        self._odds = odds
        self._caught: dict[Planted, Unit] = {}
        self.null_runs = 0

    def decide(self) -> dict[Planted, Answer]:
        """An answer for each fault.

        Raises:
            Undecided: the suite does not do the same twice.
            OutOfTime: there was no time to decide.
        """
        scored = [planted for planted in self._near if planted.fault.section in SCORED]
        guesses = {planted: self._near[planted][0] for planted in scored}
        first = _Batch()
        for planted, unit in guesses.items():
            first.add(unit, planted)
        for section in SCORED:
            self._leave_no_room(section, guesses, first, 1.0)
        self._have_run(first)
        for planted in scored:
            if planted not in self._caught:
                self._scout(planted)
        self._confirm(first, guesses)
        unnoticed: set[str] = set()
        for planted in self._near:
            # advice is the same for every kind: one that goes unnoticed is enough
            if planted not in scored and planted.fault.name not in unnoticed:
                self._scout(planted)
                if planted not in self._caught:
                    unnoticed.add(planted.fault.name)
        return {
            planted: Answer(planted in self._caught, by=self._caught.get(planted, ()))
            for planted in self._near
        }

    def _have_run(self, batch: _Batch) -> None:
        """Run a batch; a fault is caught in it if each of its runs fails."""
        for unit, planted in batch.runs(self._random):
            failed = self._execute(unit, planted)
            if planted is not None:
                batch.noticed[unit, planted] += failed
                continue
            self.null_runs += 1
            if failed:
                raise Undecided(f"{unit[-1]} fails when it runs again, with nothing planted")
        for (unit, planted), times in Counter(batch.pairs).items():
            if batch.noticed[unit, planted] == times:
                self._caught[planted] = unit
            elif batch.noticed[unit, planted]:
                raise Undecided(f"{unit[-1]} sometimes fails with {planted.fault.wording}, and sometimes not")

    def _scout(self, planted: Planted) -> None:
        """Look for a test that notices a fault; what it says is not believed before it is confirmed."""
        by_name = {(each.fault.name, _function(unit)) for each, unit in self._caught.items()}
        at_place = Counter((each.fault.boundary, _function(unit)) for each, unit in self._caught.items())

        def promise(unit: Unit) -> tuple[bool, int]:
            function = _function(unit)
            return (planted.fault.name, function) in by_name, at_place[planted.fault.boundary, function]

        units = sorted(self._near[planted], key=promise, reverse=True)
        tried = self._near[planted][:1] if planted.fault.section in SCORED else []
        for unit in units:
            if unit not in tried and self._execute(unit, planted):
                self._caught[planted] = unit
                return

    def _confirm(self, first: _Batch, guesses: Mapping[Planted, Unit]) -> None:
        """Run what was only scouted again, and as much more as it takes to leave chance no room."""
        second = _Batch()
        caught = {planted: self._caught[planted] for planted in guesses if planted in self._caught}
        for planted, unit in caught.items():
            if unit != guesses[planted]:
                second.add(unit, planted)
        for section in SCORED:
            self._leave_no_room(section, caught, second, first.odds(section))
        self._have_run(second)
        for unit, planted in second.pairs:
            if not second.noticed[unit, planted]:
                raise Undecided(f"{unit[-1]} fails once with {planted.fault.wording}, and not again")

    def _leave_no_room(
        self, section: Section, caught: Mapping[Planted, Unit], batch: _Batch, already: float
    ) -> None:
        """Repeat the quickest of a section's tests in a batch, with a fault and without, until guessing is hopeless."""
        ours = [planted for planted in caught if planted.fault.section == section]
        if not ours:
            return
        quickest = min({caught[planted] for planted in ours}, key=self._cost)
        there = [planted for planted in ours if caught[planted] == quickest]
        for _ in range(_MOST_REPEATS):
            if already * batch.odds(section, noticed_all=True) >= self._odds:
                return
            times = sum(unit == quickest and each.fault.section == section for unit, each in batch.pairs)
            if batch.nulls[quickest] < times:
                batch.nulls[quickest] += 1
            else:
                batch.add(quickest, self._random.choice(there))


class Proof:
    """The second trial, of which each run begins where nothing has run before.

    Args:
        execute: as for `Trial`.
        file_of: the tests of a test's file, which may build on each other.
        draw: where chance comes from.
    """

    def __init__(
        self, execute: Execute, file_of: Callable[[str], Unit], draw: secrets.SystemRandom | None = None
    ) -> None:
        self._execute, self._file_of = execute, file_of
        self._random = draw or secrets.SystemRandom()
        self.null_runs = 0

    def of(self, caught: Mapping[Planted, Unit]) -> dict[Planted, Answer]:
        """An answer for each fault: what is noticed here, too, was noticed.

        Raises:
            Undecided: the suite does not do the same twice.
            OutOfTime: there was no time to decide.
        """
        try:
            return self._answers(caught)
        except _FailsWithNothingPlanted:
            return self._answers({planted: self._file_of(unit[-1]) for planted, unit in caught.items()})

    def _answers(self, caught: Mapping[Planted, Unit]) -> dict[Planted, Answer]:
        order = list(caught.items())
        self._random.shuffle(order)
        tossed = self._tossed()
        answers: dict[Planted, Answer] = {}
        for turn, plant in enumerate(tossed):
            planted, unit = order[turn % len(order)]
            if not plant:
                self.null_runs += 1
                if self._execute(unit, None):
                    raise _FailsWithNothingPlanted(
                        f"{unit[-1]} fails with nothing planted where nothing has run before it"
                    )
            elif self._execute(unit, planted):
                answers.setdefault(planted, Answer(True, by=unit))
            elif answers.get(planted) or self._execute(unit, planted):
                raise Undecided(f"{unit[-1]} sometimes fails with {planted.fault.wording}, and sometimes not")
            else:
                return {planted: Answer(False)}
        return answers

    def _tossed(self) -> list[bool]:
        """In which runs a fault is planted; in one at least."""
        while True:
            tossed = [self._random.random() < 0.5 for _ in range(_FLIPS)]
            if any(tossed):
                return tossed


class _FailsWithNothingPlanted(Undecided):
    """A test fails when it runs again without a fault."""


def _function(unit: Unit) -> str:
    """The last test of a unit without its parameters: what notices a fault for one kind likely does for another."""
    return unit[-1].partition("[")[0]

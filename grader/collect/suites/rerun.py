"""Runs a suite again for each planted fault, once it has passed unchanged."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from grader.collect.suites.deciding import Decider, Notes, Planted, plan_faults
from grader.collect.suites.desk import Desk, HungUpError
from grader.collect.suites.fresh import Runs
from grader.collect.suites.generating import Generating
from grader.collect.suites.trials import (
    FIRST_ODDS,
    ODDS,
    SCORED,
    Answer,
    OutOfTime,
    Proof,
    Trial,
    Undecided,
    Unit,
)
from grader.errors import GraderError
from grader.evidence import Kind, PlantedFault
from grader.inside.faults import REFUSED_SUCCESS
from grader.submission import Submission

_RUN_SECONDS = 20.0  # for a test that takes no time by itself
_LONGEST_RUN_SECONDS = 60.0
_MOST_NEAR = 200  # tests that are tried for one fault
_LARGEST = 1 << 20  # bytes of a test's module
_PROVED = 3  # faults of a section that are planted once more
_PROVING_SECONDS = 90.0  # more, to run again what was noticed
_NO_TIME = "there was no time to run the tests often enough"
_Execute = Callable[[list[str], Decider, float], bool]  # runs tests; whether they pass, in time
_random = secrets.SystemRandom()


class Rerun:
    """Everything that follows on the suite as it is.

    Args:
        submission: whose suite.
        desk: starts runs.
        fresh: starts those that share nothing with another, nor with the app.
        notes: what the suite showed when it ran as it is.
        about: what of it is about the operation that generates; only such tests run again.
        is_app: whether a file of the submission is the app's.
        folder: where pytest was called.
        deadline: when to stop (`time.monotonic`).
    """

    def __init__(
        self,
        submission: Submission,
        desk: Desk,
        fresh: Runs,
        notes: Notes,
        about: Generating,
        is_app: Callable[[str], bool],
        folder: Path,
        deadline: float,
    ) -> None:
        self._submission = submission
        self._desk, self._fresh = desk, fresh
        self._notes = notes
        self._reached = about.reached
        self._is_app = is_app
        self._folder = folder
        self._deadline = deadline
        self._seconds = _durations(notes, desk.counted_at)
        self._succeeding = {
            test
            for planted, tests in about.reached.items()
            if planted.fault.name == REFUSED_SUCCESS
            for test in tests
        }
        self.null_runs = 0

    def faults(self, kinds: Sequence[Kind]) -> tuple[PlantedFault, ...]:
        """Each fault that the app's kinds allow, and whether a test notices it; none if no test passes as it is."""
        counts = self._notes.counts
        if counts is None or not counts["passed"]:
            return ()
        asked = plan_faults(kinds)
        # a fault that no test can notice, since none speaks of such a thing
        unsought = {planted: Answer(False) for planted in asked if not self._near(planted, files=False)}
        unsought = {planted: unsought[planted] for planted in unsought if self._reached.get(planted)}
        answers = {**unsought, **self._answers([planted for planted in asked if planted not in unsought])}
        return tuple(
            PlantedFault(
                name=planted.fault.name,
                kind=planted.kind,
                tests=len(self._reached.get(planted, ())),
                caught=answers.get(planted, Answer(None)).caught,
                why=answers.get(planted, Answer(None)).why,
                nearest=self._nearest(planted),
            )
            for planted in asked
        )

    def _answers(self, asked: Sequence[Planted]) -> dict[Planted, Answer]:
        """Single tests, one after the other in one process; where they fail with nothing planted because they build on what
        others do, or on what they do only once, a file's tests together, in a process of their own each time."""
        near = {planted: self._near(planted, files=False) for planted in asked}
        answers, why = self._decided(near, alone=False, odds=FIRST_ODDS)
        if answers is None:
            answers, why = self._try(asked, files=True, alone=True)
        else:
            answers |= self._look_again(answers)
        if answers is not None:
            return self._proved(answers)
        return {planted: Answer(None, why) for planted in asked if self._reached.get(planted)}

    def _proved(self, answers: dict[Planted, Answer]) -> dict[Planted, Answer]:
        """The same, as far as what was noticed is noticed where nothing has run before, too.

        Whoever has seen what came out first may compare with that, and keep it wherever the suite's process has opened
        something. A few faults of each section are enough: which, is drawn.
        """
        caught = {
            planted: answer.by
            for planted, answer in answers.items()
            if answer.caught and planted.fault.section in SCORED
        }
        if not caught:
            return answers
        self._deadline += _PROVING_SECONDS
        proof = Proof(
            lambda unit, planted: self._fails(unit, planted, run=self._fresh.run), self._file_of, _random
        )
        for section in SCORED:
            of_section = {each: unit for each, unit in caught.items() if each.fault.section == section}
            answers = {**answers, **_proof(proof, of_section)}
        self.null_runs += proof.null_runs
        return answers

    def _look_again(self, answers: Mapping[Planted, Answer]) -> dict[Planted, Answer]:
        """What went unnoticed, in a process of its own for each run.

        A process that has run a test before may still have what that test stored, and hide that nothing was stored now.
        """
        unnoticed = [
            planted
            for planted, answer in answers.items()
            if answer.caught is False and planted.fault.section in SCORED
        ]
        if not unnoticed or not self._any_noticed_alone(unnoticed):
            return {}
        for files in (False, True):
            again, _ = self._try(unnoticed, files=files, alone=True)
            if again is not None:
                return again
        return {}

    def _any_noticed_alone(self, unnoticed: Sequence[Planted]) -> bool:
        """Whether any test fails once in a process of its own. That proves nothing yet: a suite may fail at random; but where
        none does, there is nothing to prove."""
        runs = [(planted, unit) for planted in unnoticed for unit in self._near(planted, files=False)]
        secrets.SystemRandom().shuffle(runs)
        try:
            run = partial(self._desk.run, alone=True)
            return any(self._fails(unit, planted, run=run) for planted, unit in runs)
        except (OutOfTime, HungUpError):
            return False

    def _try(
        self, asked: Sequence[Planted], *, files: bool, alone: bool
    ) -> tuple[dict[Planted, Answer] | None, str]:
        """An answer for each fault, or why there is none."""
        return self._decided({planted: self._near(planted, files=files) for planted in asked}, alone=alone)

    def _decided(
        self, near: Mapping[Planted, Sequence[Unit]], *, alone: bool, odds: int = ODDS
    ) -> tuple[dict[Planted, Answer] | None, str]:
        """The same, by units that come near each fault."""
        trial = Trial(
            near,
            lambda unit, planted: self._fails(unit, planted, run=partial(self._desk.run, alone=alone)),
            self._cost,
            odds=odds,
        )
        try:
            return trial.decide(), ""
        except Undecided as undecided:
            return None, str(undecided)
        except OutOfTime:
            return None, _NO_TIME
        except HungUpError as gone:
            return None, str(gone)
        finally:
            self.null_runs += trial.null_runs

    def _near(self, planted: Planted, *, files: bool) -> list[Unit]:
        """The units that come near a fault, the most promising first."""
        fault = planted.fault
        tests = [test for test in self._notes.began if test in self._reached.get(planted, ())]
        if fault.mentioned:
            tests = [test for test in tests if fault.mentioned.search(self._module(test))]
        better = self._notes.reads if fault.in_storage else self._succeeding
        tests.sort(key=lambda test: (test not in better, self._seconds.get(test, 0.0)))
        units = [self._file_of(test) if files else (test,) for test in tests[:_MOST_NEAR]]
        return list(dict.fromkeys(units))

    def _nearest(self, planted: Planted) -> str:
        """The test that should notice a fault: one that sees the app succeed, where the fault changes that."""
        tests = [unit[0] for unit in self._near(planted, files=False)]
        reached = self._reached.get(planted, ())
        good = [test for test in self._notes.began if test in reached and test in self._succeeding]
        return next(iter(tests if planted.fault.section == "error_cases" else good or tests), "")

    def _file_of(self, test: str) -> Unit:
        file = test.partition("::")[0]
        green = (test for test in self._notes.began if test not in self._notes.red)
        return tuple(other for other in green if other.partition("::")[0] == file)

    def _module(self, test: str) -> bytes:
        """The text of a test's module; empty if it can't be had."""
        root = self._submission.root.resolve()
        for folder in (self._folder, root / self._submission.manifest.cwd, root):
            try:
                file = (folder / test.partition("::")[0]).resolve()
                if file.is_relative_to(root) and file.stat().st_size <= _LARGEST:
                    return file.read_bytes()
            except (OSError, ValueError):
                continue
        return b""

    def _cost(self, unit: Unit) -> float:
        return sum(self._seconds.get(test, 0.0) for test in unit)

    def _fails(self, unit: Unit, planted: Planted | None, *, run: _Execute) -> bool:
        """Whether a run of the tests ends other than with success.

        Raises:
            OutOfTime: it is too late for another run.
            HungUpError: nothing can be run there any more.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime
        seconds = min(left, _LONGEST_RUN_SECONDS, _RUN_SECONDS + 10 * self._cost(unit))
        decider = Decider(planted, self._is_app, self._notes)
        try:
            return not run(list(unit), decider, seconds)
        finally:
            self._notes.looked |= decider.notes.looked


def _proof(proof: Proof, caught: Mapping[Planted, Unit]) -> dict[Planted, Answer]:
    """What became of some faults of a section that were noticed; of all of them, if that can't be decided."""
    if not caught:
        return {}
    drawn = _random.sample(list(caught), min(_PROVED, len(caught)))
    try:
        return proof.of({planted: caught[planted] for planted in drawn})
    except (Undecided, HungUpError, GraderError) as error:
        why = str(error)
    except OutOfTime:
        why = _NO_TIME
    return {planted: Answer(None, why) for planted in caught}


def _durations(notes: Notes, ended: float | None) -> dict[str, float]:
    """How long each test took, in seconds."""
    starts = list(notes.began.items())
    ends = [*(at for _, at in starts[1:]), ended or 0.0]
    return {test: max(0.0, end - at) for (test, at), end in zip(starts, ends, strict=False)}

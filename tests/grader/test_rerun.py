"""What goes unnoticed in a process that runs one test after the other is looked at again, in processes of its own; what is noticed
is planted again where nothing has run before."""

import random
import time
from types import SimpleNamespace

from grader.collect.suites.deciding import Notes, Planted
from grader.collect.suites.generating import Generating
from grader.collect.suites.rerun import Rerun
from grader.errors import GraderError
from grader.inside.faults import BY_NAME
from grader.manifest import Manifest

BEFORE, TEST = "test_it.py::test_first", "test_it.py::test_made"
SWAPPED = Planted(BY_NAME["swapped_bytes"], "text")


class Fresh:
    """Runs in sandboxes of their own, of a suite that is played. `notices`: given whether a fault is planted, and the tests."""

    def __init__(self, notices):
        self._notices = notices
        self.planted = []

    def run(self, tests, decider, seconds):
        self.planted.append(decider._planting is not None)
        return not self._notices(self.planted[-1], tests)


class Desk:
    """Runs of a suite that is played. `notices`: given whether a fault is planted, and whether the process is the run's own."""

    counted_at = None

    def __init__(self, notices):
        self._notices = notices
        self.alone = []

    def run(self, tests, decider, seconds, *, alone):
        planted = decider._planting is not None
        if alone:
            self.alone.append(planted)
        return not self._notices(planted, alone)


def answered(tmp_path, notices, fresh):
    """What became of the swapped bytes, and the runs that had a process of their own."""
    notes = Notes(began={BEFORE: 0.0, TEST: 0.0}, counts={"passed": 2, "failed": 0, "skipped": 0})
    about = Generating(frozenset({TEST}), {}, {SWAPPED: frozenset({TEST})}, {}, frozenset())
    desk = Desk(notices)
    submission = SimpleNamespace(root=tmp_path, manifest=Manifest())
    deadline = time.monotonic() + 60
    rerun = Rerun(submission, desk, fresh, notes, about, lambda file: True, tmp_path, deadline)
    [found] = [each for each in rerun.faults(["text"]) if each.name == SWAPPED.fault.name]
    return found, desk.alone


def asked(tmp_path, notices):
    """Whether they were noticed by a suite that does the same wherever it runs."""
    found, alone = answered(tmp_path, notices, Fresh(lambda planted, tests: notices(planted, True)))
    return found.caught, alone


def looks(planted, alone):
    """How a suite does that tests, or that compares with what it remembers."""
    return planted


def test_what_no_run_notices_is_tried_once_in_a_process_of_its_own(tmp_path):
    assert asked(tmp_path, lambda planted, alone: False) == (False, [True])


def test_what_only_a_process_of_its_own_notices_is_proven_with_runs_without_a_fault(tmp_path):
    caught, alone = asked(tmp_path, lambda planted, alone: planted and alone)
    assert caught
    assert False in alone
    assert alone.count(True) > 2


def test_a_suite_that_fails_in_every_process_of_its_own_notices_nothing(tmp_path):
    assert asked(tmp_path, lambda planted, alone: alone)[0] is False


def test_what_is_noticed_where_nothing_has_run_before_counts(tmp_path):
    fresh = Fresh(lambda planted, tests: planted)
    found, _ = answered(tmp_path, looks, fresh)
    assert found.caught
    assert True in fresh.planted


def test_a_suite_that_remembers_notices_nothing_where_nothing_has_run_before(tmp_path):
    found, _ = answered(tmp_path, looks, Fresh(lambda planted, tests: False))
    assert found.caught is False


def test_a_test_that_fails_there_with_nothing_planted_runs_again_with_those_of_its_file(tmp_path):
    fresh = Fresh(lambda planted, tests: planted or BEFORE not in tests)
    found, _ = answered(tmp_path, looks, fresh)
    assert found.caught


def test_a_suite_that_guesses_there_is_not_believed(tmp_path):
    believed = sum(
        bool(answered(tmp_path, looks, Fresh(lambda planted, tests: random.random() < 0.5))[0].caught)
        for _ in range(300)
    )
    assert believed < 30  # 1 in 32, for the test alone and with its file


def test_where_no_sandbox_can_be_had_nothing_is_decided(tmp_path):
    def refuse(planted, tests):
        raise GraderError("no sandbox")

    found, _ = answered(tmp_path, looks, Fresh(refuse))
    assert found.caught is None
    assert "no sandbox" in found.why

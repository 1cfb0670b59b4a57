"""What goes unnoticed in a process that runs one test after the other is looked at again, in processes of its own."""

import time
from types import SimpleNamespace

from grader.collect.suites.deciding import Notes, Planted
from grader.collect.suites.generating import Generating
from grader.collect.suites.rerun import Rerun
from grader.inside.faults import BY_NAME
from grader.manifest import Manifest

TEST = "test_it.py::test_made"
SWAPPED = Planted(BY_NAME["swapped_bytes"], "text")


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


def asked(tmp_path, notices):
    """Whether the swapped bytes were noticed, and the runs that had a process of their own."""
    notes = Notes(began={TEST: 0.0}, counts={"passed": 1, "failed": 0, "skipped": 0})
    about = Generating(frozenset({TEST}), {}, {SWAPPED: frozenset({TEST})}, {}, frozenset())
    desk = Desk(notices)
    submission = SimpleNamespace(root=tmp_path, manifest=Manifest())
    rerun = Rerun(submission, desk, notes, about, lambda file: True, tmp_path, time.monotonic() + 60)
    [found] = [each for each in rerun.faults(["text"]) if each.name == SWAPPED.fault.name]
    return found.caught, desk.alone


def test_what_no_run_notices_is_tried_once_in_a_process_of_its_own(tmp_path):
    assert asked(tmp_path, lambda planted, alone: False) == (False, [True])


def test_what_only_a_process_of_its_own_notices_is_proven_with_runs_without_a_fault(tmp_path):
    caught, alone = asked(tmp_path, lambda planted, alone: planted and alone)
    assert caught
    assert False in alone
    assert alone.count(True) > 2


def test_a_suite_that_fails_in_every_process_of_its_own_notices_nothing(tmp_path):
    assert asked(tmp_path, lambda planted, alone: alone)[0] is False

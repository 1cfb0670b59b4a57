"""A worker's sandbox that is ready before there is work: one for each grading, and never one that has ended."""

import pytest

from grader.worker import Standby, Wanted, standby
from tests.grader.walls import run


@pytest.fixture(autouse=True)
def nothing_is_loaded(monkeypatch):
    monkeypatch.setattr(standby, "_COLLECTING", ())


def test_each_grading_gets_one_of_its_own():
    with Standby(Wanted("process")) as ready:
        with ready.taken() as first:
            run(first.sandbox, "open('left', 'w').close()")
        ready.prepare()
        with ready.taken() as second:
            assert second.sandbox.root != first.sandbox.root
            assert "left" not in run(second.sandbox, "import os; print(os.listdir())").printed


def test_one_that_ended_while_it_waited_is_replaced():
    with Standby(Wanted("process")) as ready:
        ready.prepare()
        place, _ = ready._next.result()
        place.sandbox._enclosure.process.kill()
        place.sandbox._enclosure.process.wait()
        with ready.taken() as other:
            assert other.sandbox is not place.sandbox
            assert run(other.sandbox, "print('alive')").printed.strip() == "alive"


def test_one_that_nobody_took_is_ended():
    with Standby(Wanted("process")) as ready:
        ready.prepare()
        place, _ = ready._next.result()
    assert place.sandbox._enclosure.process.returncode is not None

"""Exercises tried at a distance: the kernel is on the other end of a connection, as in a grading."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from classroom import exercises
from classroom.exercises import channel, performing
from classroom.exercises.boundary import Boundary
from classroom.exercises.exercise import judge
from classroom.exercises.kernel import KernelGone
from classroom.lesson import Lesson
from classroom.loopback import bind
from grader.collect import notebooks
from tests.classroom.test_exercises import answers_to


class Running:
    """A job that has not ended."""

    exit_code = None


@contextmanager
def kernel(namespace):
    """A kernel that serves in a thread, and this side's end of the connection to it."""
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=performing.serve, args=(theirs.detach(), namespace), daemon=True)
    with ours:
        thread.start()
        assert notebooks._ready(ours, Running(), time.monotonic() + 10)
        yield notebooks._DistantKernel(ours, time.monotonic() + 60)
    thread.join(10)


def judged(id, answer, s3):
    name = exercises.EXERCISES[id].answer
    with Boundary(notebooks._Stored(s3), bind) as boundary, kernel({name: answer}) as distant:
        distant.ask({"divert": boundary.url}, lambda data: None, 5.0)
        return judge(id, exercises.EXERCISES[id], distant, boundary)


@pytest.fixture
def lesson(openai_mock, s3_bucket, monkeypatch, tmp_path):
    """A notebook whose first cell was run."""
    running = Lesson("mock", s3_bucket, openai_mock)
    monkeypatch.setattr("classroom.lesson.current", lambda: running)
    monkeypatch.setenv("MODULE_PLACE", str(tmp_path))
    return running


@pytest.mark.parametrize("id", exercises.EXERCISES)
def test_a_verdict_is_the_same_from_a_distance(id, lesson, s3_mock):
    right, wrong = answers_to(id)
    assert judged(id, right[0], s3_mock).state == "done"
    answer, reason = wrong[0]
    verdict = judged(id, answer, s3_mock)
    assert verdict.state == "open"
    assert reason in str(verdict)


def test_a_job_that_ends_is_not_waited_for():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ended = Running()
        ended.exit_code = 1
        assert not notebooks._ready(ours, ended, time.monotonic() + 60)


def test_a_kernel_that_is_silent_is_given_up(monkeypatch):
    monkeypatch.setattr(notebooks, "_GRACE", 0.2)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        distant = notebooks._DistantKernel(ours, time.monotonic() + 60)
        with pytest.raises(KernelGone, match="did not answer"):
            distant.ask({"number": 1}, lambda data: None, 0.1)


def test_an_answer_to_an_earlier_order_is_not_one_to_this():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        distant = notebooks._DistantKernel(ours, time.monotonic() + 60)
        channel.send(theirs, {"result": {"value": "old"}, "number": 1})
        channel.send(theirs, {"result": {"value": "new"}, "number": 2})
        assert distant.ask({"number": 2}, lambda data: None, 1.0) == {"value": "new"}

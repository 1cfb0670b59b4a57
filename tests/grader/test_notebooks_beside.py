"""Notebooks beside the rest of a grading: the order of results, what is run again, and how everything ends."""

import contextlib
import os
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.collect import notebooks, notebooks_beside
from grader.collect.notebooks import Attempt
from grader.collect.notebooks_beside import NotebooksBeside, run_beside
from grader.collect.suites import suite
from grader.evidence import NotebookRun, TestRun

HERE = os.getpid()


class NoSandbox:
    """Gives lines that lead nowhere: what a notebook would do is replaced."""

    def open_line(self):
        ours, theirs = socket.socketpair()
        theirs.close()
        return ours

    def over(self, line):
        return contextlib.nullcontext(self)


@pytest.fixture
def class_work(tmp_path, monkeypatch):
    """Makes notebooks `a`, `b`, …, and what each does: called with its path, it says why it failed, and whether that stands."""

    def make(number, does):
        work = tmp_path / "work"
        work.mkdir()
        for name in "abcdefgh"[:number]:
            (work / f"{name}.ipynb").touch()

        def attempts(submission, sandbox, paths, checks=None):
            for path in paths:
                failure, stands = does(path)
                yield Attempt(NotebookRun(path=path.name, failure=failure), stands)

        monkeypatch.setattr(notebooks, "attempts", attempts)
        return SimpleNamespace(root=work, python=Path("python"))

    return make


def until(is_so, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_results_come_in_the_order_of_names_whichever_ends_first(class_work, tmp_path):
    def does(path):
        if path.stem == "a":
            until(lambda: (tmp_path / "b-ended").exists())
        else:
            (tmp_path / "b-ended").touch()
        return None, True

    with NotebooksBeside(class_work(2, does), NoSandbox(), 3) as beside:
        runs = beside.settled()
    assert [run.path for run in runs] == ["a.ipynb", "b.ipynb"]


def test_one_that_fails_in_company_is_run_again_alone_and_that_counts(class_work):
    def does(path):
        in_company = os.getpid() != HERE
        return ("it was disturbed", False) if in_company and path.stem == "b" else (None, True)

    with NotebooksBeside(class_work(3, does), NoSandbox(), 2) as beside:
        assert [run.failure for run in beside.settled()] == [None, None, None]


def test_what_stands_is_not_run_again(class_work):
    again = []

    def does(path):
        again.append(path.stem)  # seen in this process alone
        return None, path.stem != "b"

    with NotebooksBeside(class_work(3, does), NoSandbox(), 2) as beside:
        beside.settled()
    assert again == ["b"]


def test_what_takes_longer_than_running_at_once_has_saved_is_not_run_again(class_work, monkeypatch):
    again = []
    monkeypatch.setattr(notebooks_beside, "_ALWAYS", 0.0)

    def does(path):
        again.append(path.stem)
        return "It did not end within 300 seconds.", False

    with NotebooksBeside(class_work(1, does), NoSandbox(), 2) as beside:
        [run] = beside.settled()
    assert run.failure
    assert not again


def test_those_of_a_process_that_is_lost_are_run_alone(class_work):
    def does(path):
        if os.getpid() != HERE:
            os._exit(9)
        return None, True

    with NotebooksBeside(class_work(3, does), NoSandbox(), 2) as beside:
        assert [run.path for run in beside.settled()] == ["a.ipynb", "b.ipynb", "c.ipynb"]


def test_one_processor_is_left_to_the_app_until_nothing_else_is_under_way(class_work, tmp_path):
    def does(path):
        (tmp_path / f"{path.stem}-began").touch()
        until(lambda: (tmp_path / "b-began").exists())
        return None, True

    def began():
        return sorted(each.name for each in tmp_path.glob("*-began"))

    with NotebooksBeside(class_work(2, does), NoSandbox(), 2) as beside:
        until(lambda: len(began()) == 1)
        time.sleep(0.2)
        assert began() == ["a-began"]
        beside.hurry()
        until(lambda: len(began()) == 2)
        beside.settled()


def test_each_notebook_has_a_process_of_its_own_so_that_memory_is_given_back(class_work):
    def does(path):
        return str(os.getpid()), True

    with NotebooksBeside(class_work(4, does), NoSandbox(), 1) as beside:
        assert len({run.failure for run in beside.settled()}) == 4


def test_ending_early_ends_the_process_of_a_notebook_too(class_work, tmp_path):
    def does(path):
        (tmp_path / "process").write_text(str(os.getpid()))
        time.sleep(600)

    with NotebooksBeside(class_work(1, does), NoSandbox(), 1):
        until(lambda: (tmp_path / "process").exists() and (tmp_path / "process").read_text())
    process = Path("/proc") / (tmp_path / "process").read_text()
    until(lambda: not process.exists() or "(zombie)" in (process / "status").read_text())


def test_nothing_of_them_runs_while_they_are_held(class_work, tmp_path):
    def does(path):
        (tmp_path / f"{path.stem}-began").touch()
        time.sleep(0.2)
        (tmp_path / f"{path.stem}-began").unlink()
        return None, True

    with NotebooksBeside(class_work(4, does), NoSandbox(), 2) as beside:
        until(lambda: list(tmp_path.glob("*-began")))
        with beside.held():
            for _ in range(10):
                assert not list(tmp_path.glob("*-began"))
                time.sleep(0.05)
        assert len(beside.settled()) == 4


def test_leaving_ends_those_that_run(class_work):
    def does(path):
        time.sleep(600)

    began = time.monotonic()
    with NotebooksBeside(class_work(4, does), NoSandbox(), 4) as beside:
        members = [each.process for each in beside._members]
    assert time.monotonic() - began < 30
    for process in members:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_no_file_of_this_process_stays_open_in_another(class_work):
    """A line that stays open there would keep what is at its other end waiting."""

    coming, going = os.pipe()
    submission = class_work(2, lambda path: (None, True))
    with NotebooksBeside(submission, NoSandbox(), 2) as beside:
        os.close(going)
        assert os.read(coming, 1) == b""
        beside.settled()
    os.close(coming)


@pytest.mark.parametrize(("number", "processors"), [(0, 8), (3, 1)])
def test_without_notebooks_or_with_one_processor_nothing_is_started(class_work, number, processors):
    submission = class_work(number, lambda path: (None, True))
    with run_beside(submission, None, processors) as beside:
        assert beside is None


@pytest.mark.parametrize(("waited", "again"), [(60.0, 1), (1.0, 0)])
def test_a_suite_that_ran_out_of_time_without_a_processor_is_run_again_in_peace(waited, again):
    runs = []

    def run():
        runs.append(1)
        return TestRun(found=True, passed=3)

    late = TestRun(found=True, failure="The tests did not end within 120 seconds.", waited=waited)
    assert suite.in_peace(late, run).passed == 3 * again
    assert len(runs) == again


def test_a_suite_that_runs_out_of_time_in_peace_too_is_too_slow():
    late = TestRun(found=True, failure="The tests did not end within 120 seconds.", waited=60.0)
    assert suite.in_peace(late, lambda: late.model_copy(update={"waited": 0.0})).failure

"""`python -m tests`: what fails beside others is tried once more alone, and what fails twice has failed."""

import os
import sys

import pytest

from tests import __main__ as steps

_SLOW_ONCE = """
from pathlib import Path

def test_is_too_slow_the_first_time():
    seen = Path("seen")
    first = not seen.exists()
    seen.touch()
    assert not first
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the tests of a file as the step "tests" does."""
    alone = (sys.executable, "-m", "pytest", "-q")
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "_PYTEST", alone)
    monkeypatch.setattr(steps, "_TESTS", alone)

    def passes(source: str, command: tuple[str, ...] | None = None) -> bool:
        (tmp_path / "test_some.py").write_text(source)
        return steps._passes(command or steps._TESTS, os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})

    return passes


def test_a_test_that_passes_alone_is_named_and_fails_nothing(run, capfd):
    assert run(_SLOW_ONCE)
    assert "tried once more alone: test_some.py::test_is_too_slow_the_first_time" in capfd.readouterr().out


def test_a_test_that_fails_twice_fails_the_step(run):
    assert not run("def test_wrong():\n    assert False")


def test_many_failures_are_not_tried_again(run, capfd):
    assert not run("\n".join(f"def test_{n}():\n    assert False" for n in range(6)))
    assert "once more" not in capfd.readouterr().out


def test_a_file_that_can_t_be_read_fails_the_step(run):
    assert not run("import nothing_of_that_name")


def test_other_steps_are_run_once(run):
    assert not run(_SLOW_ONCE, command=(*steps._PYTEST, "test_some.py"))

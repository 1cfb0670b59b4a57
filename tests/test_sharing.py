"""What one process of a run has made, the others read."""

import multiprocessing
from pathlib import Path

import pytest

from tests.sharing import made_once


class Place:
    """A factory of temporary folders that is played."""

    def __init__(self, base):
        self._base = base

    def getbasetemp(self):
        return self._base


def _make(place: Path) -> None:
    with (place / "made").open("a") as file:
        file.write("x")


def _ask(base: Path) -> None:
    made_once(Place(base), "it", _make)


def test_processes_that_ask_at_once_have_it_made_once(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    forked = multiprocessing.get_context("fork")
    (tmp_path / "gw0").mkdir()
    processes = [forked.Process(target=_ask, args=(tmp_path / "gw0",)) for _ in range(4)]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
    assert (tmp_path / "shared-it" / "made").read_text() == "x"


def test_what_could_not_be_made_is_tried_again(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)

    def fail(place: Path) -> None:
        raise ValueError("no room")

    with pytest.raises(ValueError, match="no room"):
        made_once(Place(tmp_path), "it", fail)
    assert (made_once(Place(tmp_path), "it", _make) / "made").read_text() == "x"

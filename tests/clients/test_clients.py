"""What `python -m tests.clients` does with a program; the programs of clients themselves need the package index, and are not run here."""

from pathlib import Path

import pytest

from tests.clients import __main__ as clients

PROGRAM = """
from features import calls, control, main, tries
import os, urllib.request

@tries("good")
def good():
    request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/models", headers={"authorization": "Bearer k"})
    urllib.request.urlopen(request).read()
    assert [call["route"] for call in calls()] == ["models"]

@tries("bad")
def bad():
    assert calls() == []
    raise ValueError("as expected")

main()
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    (tmp_path / "features.py").write_text((clients.PROGRAMS / "features.py").read_text())
    monkeypatch.setattr(clients, "PROGRAMS", tmp_path)

    def written(body: str) -> str:
        head = '# /// script\n# requires-python = ">=3.11"\n# dependencies = []\n# ///\n'
        (tmp_path / "mine.py").write_text(head + body)
        return "mine"

    return written


def test_each_feature_is_tried_whatever_becomes_of_the_others(program, capsys):
    good, bad = clients.run(program(PROGRAM))
    assert (good.feature, good.passed, bad.feature, bad.passed) == ("good", True, "bad", False)
    assert "ValueError: as expected" in bad.why
    assert clients.main(["mine"]) == 1
    printed = capsys.readouterr().out
    assert "1 of 2 passed" in printed
    assert "mine, bad: ValueError" in printed


def test_a_program_that_tries_nothing_has_failed(program):
    [ended] = clients.run(program("raise SystemExit(3)"))
    assert (ended.passed, "exit code 3" in ended.why) == (False, True)


def test_a_client_that_is_not_there_is_refused(capsys):
    assert clients.main(["nobody"]) == 2
    assert "langchain_agent" in capsys.readouterr().err


def test_every_program_declares_what_it_needs():
    assert len(clients.names()) >= 12
    for name in clients.names():
        program = Path(clients.PROGRAMS / f"{name}.mjs")
        if program.exists():
            assert all("@" in package for package in clients.declared(program))
            continue
        text = program.with_suffix(".py").read_text()
        assert text.startswith("# /// script\n")
        assert "dependencies" in text

"""Commands between the grader and its agent in a sandbox: typed at both ends, and nothing else is obeyed."""

import json

import pytest

from grader.inside import commands
from grader.inside.commands import End, Listen, MakeSockets, MeasureWaiting, OpenLine, Preload, Receive, Start
from grader.inside.wire import WireError

EVERY = [
    MakeSockets(16),
    Listen(),
    OpenLine(),
    Receive("/submission", most_files=10, most_bytes=100),
    Preload(["json"]),
    Start(1, "run", "x", cold=False, cwd="/", environment={}, pythonpath=[], facts={"command": ["true"]}),
    End(1),
    MeasureWaiting(1),
]


@pytest.mark.parametrize("command", EVERY, ids=lambda each: type(each).__name__)
def test_a_command_arrives_as_it_was_sent(command):
    assert commands.decode(json.loads(json.dumps(commands.encode(7, command)))) == (7, command)


def test_every_command_has_words_for_a_message():
    assert {type(command) for command in EVERY} == set(commands.WORDS)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"id": 1, "command": "Reboot"},
        {"command": "Listen"},
        {"id": "1", "command": "Listen"},
        {"id": 1, "command": "End"},
        {"id": 1, "command": "Listen", "count": 3},
    ],
)
def test_what_is_no_command_is_refused(message):
    with pytest.raises(WireError):
        commands.decode(message)


def test_facts_of_a_job_change_neither_what_it_does_nor_where():
    start = Start(
        1, "run", "x", False, "/submission", {}, [], facts={"do": "grade", "cwd": "/", "files": [9]}
    )
    assert (start.order()["do"], start.order()["cwd"]) == ("run", "/submission")
